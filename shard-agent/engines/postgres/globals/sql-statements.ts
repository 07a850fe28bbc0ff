/**
 * SQL text into statements and their tokens, as PostgreSQL's own scanner cuts it: quoted names, strings with and without
 * backslash escapes, dollar quotes, nested comments. Pure.
 */
import { TidemarkError } from '../../../../proto/errors.ts';

export interface SqlToken {
  /** `word`: a keyword or a name without quotes. `name`: a quoted name. `text`: a string. `symbol`: one other character. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol';
  /** A name without its quotes; anything else as it stands there. */
  readonly value: string;
  /** Where it stands in the statement's `sql`. */
  readonly start: number;
  readonly end: number;
}

export interface SqlStatement {
  /** Without comments before it and without the semicolon. */
  readonly sql: string;
  readonly tokens: readonly SqlToken[];
}

/**
 * The statements of a plain-text dump. Of psql's own commands only the brackets `\restrict` and `\unrestrict` are known, and
 * left out. Throws `not-supported` for any other, and for text that ends within a quote.
 */
export function splitStatements(text: string): SqlStatement[] {
  const scanner = new Scanner(text);
  const statements: SqlStatement[] = [];
  for (let next = scanner.statement(); next !== undefined; next = scanner.statement()) {
    statements.push(next);
    scanner.follow(next);
  }
  return statements;
}

const wordPattern = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const numberPattern = /[0-9][0-9A-Za-z_.]*/y;
const dollarPattern = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const blankPattern = /[ \t\r\n\f\v]+|--[^\n]*/y;
const commandPattern = /\\[^\n]*/y;

class Scanner {
  readonly #text: string;
  #at = 0;
  /** standard_conforming_strings is off: a backslash escapes in every string. */
  #escapes = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** What a statement changes in how the next are read. */
  follow({ tokens }: SqlStatement): void {
    const [verb, name, , value] = tokens.map((token) => token.value.toLowerCase());
    if (verb !== 'set' || name !== 'standard_conforming_strings') return;
    this.#escapes = value === 'off' || value === "'off'";
  }

  statement(): SqlStatement | undefined {
    const found: SqlToken[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#text.length) break;
      if (this.#text[this.#at] === ';') {
        this.#at += 1;
        if (found.length > 0) break;
        continue;
      }
      if (found.length === 0 && this.#text[this.#at] === '\\') {
        this.#skipCommand();
        continue;
      }
      found.push(this.#token());
    }
    const first = found[0];
    const last = found.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const tokens = found.map((token) => ({
      ...token,
      start: token.start - first.start,
      end: token.end - first.start,
    }));
    return { sql: this.#text.slice(first.start, last.end), tokens };
  }

  #skipBlanks(): void {
    for (;;) {
      if (this.#match(blankPattern) !== undefined) continue;
      if (!this.#text.startsWith('/*', this.#at)) return;
      this.#skipComment();
    }
  }

  #skipComment(): void {
    let depth = 0;
    do {
      if (this.#text.startsWith('/*', this.#at)) {
        depth += 1;
        this.#at += 2;
      } else if (this.#text.startsWith('*/', this.#at)) {
        depth -= 1;
        this.#at += 2;
      } else {
        this.#at += 1;
      }
      if (this.#at > this.#text.length) throw unreadable('a comment has no end');
    } while (depth > 0);
  }

  #skipCommand(): void {
    const command = this.#match(commandPattern) ?? '';
    if (!/^\\(un)?restrict\s/.test(command)) throw unreadable(`psql's command ${command.slice(0, 40)}`);
  }

  #token(): SqlToken {
    const start = this.#at;
    const char = this.#text[start] ?? '';
    if (char === '"') return this.#quoted(start, '"', false);
    if (char === "'") return this.#quoted(start, "'", this.#escapes);
    if (/^[eE]'/.test(this.#text.slice(start, start + 2))) {
      this.#at += 1;
      return this.#quoted(start, "'", true);
    }
    if (char === '$') {
      const tag = this.#match(dollarPattern);
      if (tag !== undefined) return this.#dollarQuoted(start, tag);
    }
    const word = this.#match(wordPattern) ?? this.#match(numberPattern);
    if (word !== undefined) return { kind: 'word', value: word, start, end: this.#at };
    this.#at += 1;
    return { kind: 'symbol', value: char, start, end: this.#at };
  }

  /** `this.#at` is at the opening quote. */
  #quoted(start: number, quote: string, escapes: boolean): SqlToken {
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at];
      if (escapes && char === '\\') at += 1;
      else if (char === quote && this.#text[at + 1] === quote) at += 1;
      else if (char === quote) {
        this.#at = at + 1;
        const raw = this.#text.slice(start, this.#at);
        if (quote === "'") return { kind: 'text', value: raw, start, end: this.#at };
        return { kind: 'name', value: raw.slice(1, -1).replaceAll('""', '"'), start, end: this.#at };
      }
    }
    throw unreadable('a quote has no end');
  }

  #dollarQuoted(start: number, tag: string): SqlToken {
    const close = this.#text.indexOf(tag, this.#at);
    if (close === -1) throw unreadable('a dollar quote has no end');
    this.#at = close + tag.length;
    return { kind: 'text', value: this.#text.slice(start, this.#at), start, end: this.#at };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function unreadable(cause: string): TidemarkError {
  return new TidemarkError({ code: 'not-supported', operation: 'read SQL', subject: 'a script', cause });
}
