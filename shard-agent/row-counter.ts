/** Counts the rows in the raw bytes of one chunk, whatever pieces they come in. */
import type { TableLine } from '../repository/manifest-entries.ts';

export interface RowCounter {
  /** Rows that have ended, or in the binary form begun, so far. */
  readonly rows: number;
  push(piece: Buffer): void;
}

export function rowCounter(format: TableLine['format'] | undefined): RowCounter {
  return format === 'copy-binary' ? new BinaryRows() : new TextRows();
}

const newline = 0x0a;

/** In both text forms a newline within a value is written as a backslash and a letter: every newline ends a row. */
class TextRows implements RowCounter {
  rows = 0;

  push(piece: Buffer): void {
    for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, at + 1)) this.rows += 1;
  }
}

/** Signature and flags, before the length of the header's extension. */
const headBytes = 15;

/**
 * PostgreSQL's binary COPY: a header, for each row the number of its fields, for each field its length and its bytes, and -1
 * in place of a number of fields at the end (PostgreSQL's manual, COPY, Binary Format).
 */
class BinaryRows implements RowCounter {
  rows = 0;
  #skip = headBytes;
  #next: 'extension' | 'fields' | 'length' | 'nothing' = 'extension';
  #fields = 0;
  #number = 0;
  #numberBytes = 0;

  push(piece: Buffer): void {
    for (let at = 0; at < piece.length && this.#next !== 'nothing'; ) {
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, piece.length - at);
        this.#skip -= count;
        at += count;
        continue;
      }
      this.#number = (this.#number << 8) | (piece[at] ?? 0);
      this.#numberBytes += 1;
      at += 1;
      if (this.#numberBytes === (this.#next === 'fields' ? 2 : 4)) this.#take();
    }
  }

  #take(): void {
    const number = this.#number;
    this.#number = 0;
    this.#numberBytes = 0;
    if (this.#next === 'fields') {
      if (number === 0xffff) {
        this.#next = 'nothing';
        return;
      }
      this.rows += 1;
      this.#fields = number;
    } else {
      // NULL has the length -1.
      this.#skip = Math.max(number, 0);
      if (this.#next === 'length') this.#fields -= 1;
    }
    this.#next = this.#next === 'extension' || this.#fields === 0 ? 'fields' : 'length';
  }
}
