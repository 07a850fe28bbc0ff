/** Result sets, put together from packets. */
import {
  columnName,
  endHasMore,
  isEnd,
  type OkPacket,
  parseError,
  parseOk,
  parseRow,
  readLength,
} from './packets.ts';

export interface ResultSet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
  readonly ok: OkPacket | undefined;
}

/** Collects result sets packet by packet. */
export class ResultReader {
  readonly results: ResultSet[] = [];
  readonly #onResult: (() => void) | undefined;
  #expected = -1;
  #columns: string[] = [];
  #rows: (Buffer | null)[][] | undefined;

  constructor(onResult: (() => void) | undefined) {
    this.#onResult = onResult;
  }

  packet(payload: Buffer): 'more' | 'done' | Error {
    if (payload[0] === 0xff) return parseError(payload);
    if (this.#expected === -1) return this.#first(payload);
    if (this.#columns.length < this.#expected) {
      this.#columns.push(columnName(payload));
      return 'more';
    }
    if (this.#rows === undefined) {
      this.#rows = [];
      return 'more';
    }
    if (!isEnd(payload)) {
      this.#rows.push(parseRow(payload, this.#expected));
      return 'more';
    }
    return this.#end({ columns: this.#columns, rows: this.#rows, ok: undefined }, endHasMore(payload));
  }

  #first(payload: Buffer): 'more' | 'done' | Error {
    if (payload[0] === 0xfb) return new Error('the server asked for a local file it may not have');
    if (payload[0] === 0x00) {
      const ok = parseOk(payload);
      return this.#end({ columns: [], rows: [], ok }, ok.moreResults);
    }
    this.#expected = readLength(payload, 0).value ?? 0;
    return 'more';
  }

  #end(result: ResultSet, more: boolean): 'more' | 'done' {
    this.results.push(result);
    this.#expected = -1;
    this.#columns = [];
    this.#rows = undefined;
    this.#onResult?.();
    return more ? 'more' : 'done';
  }
}
