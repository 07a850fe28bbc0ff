/** The few packets of the client/server protocol this engine reads by itself. Numbers are little-endian. */
import { ServerError } from './failure.ts';

export interface OkPacket {
  readonly affectedRows: number;
  readonly warnings: number;
  /** After LOAD DATA: `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`. */
  readonly info: string;
  readonly moreResults: boolean;
}

const moreResultsExist = 0x0008;

/** A length-encoded integer at `at`; `null` is SQL NULL (0xfb). */
export function readLength(buffer: Buffer, at: number): { value: number | null; next: number } {
  const first = buffer[at] ?? 0;
  if (first < 0xfb) return { value: first, next: at + 1 };
  if (first === 0xfb) return { value: null, next: at + 1 };
  if (first === 0xfc) return { value: buffer.readUInt16LE(at + 1), next: at + 3 };
  if (first === 0xfd) return { value: buffer.readUIntLE(at + 1, 3), next: at + 4 };
  return { value: Number(buffer.readBigUInt64LE(at + 1)), next: at + 9 };
}

export function isEnd(payload: Buffer): boolean {
  return payload[0] === 0xfe && payload.length < 9;
}

export function endHasMore(payload: Buffer): boolean {
  return (payload.readUInt16LE(3) & moreResultsExist) !== 0;
}

export function parseOk(payload: Buffer): OkPacket {
  const affected = readLength(payload, 1);
  const inserted = readLength(payload, affected.next);
  const status = payload.readUInt16LE(inserted.next);
  const warnings = payload.readUInt16LE(inserted.next + 2);
  return {
    affectedRows: affected.value ?? 0,
    warnings,
    info: infoText(payload, inserted.next + 4),
    moreResults: (status & moreResultsExist) !== 0,
  };
}

/** The rest of the packet; some servers put a length before it. */
function infoText(payload: Buffer, at: number): string {
  if (at >= payload.length) return '';
  const length = payload[at] ?? 0;
  const start = length === payload.length - at - 1 ? at + 1 : at;
  return payload.toString('utf8', start);
}

export function parseError(payload: Buffer): ServerError {
  const number = payload.readUInt16LE(1);
  const marked = payload[3] === 0x23;
  const state = marked ? payload.toString('latin1', 4, 9) : 'HY000';
  return new ServerError(number, state, payload.toString('utf8', marked ? 9 : 3));
}

/** The name a column was given in the statement. */
export function columnName(payload: Buffer): string {
  let at = 0;
  // catalog, schema, table, original table, then the name
  for (let field = 0; field < 4; field += 1) {
    const part = readLength(payload, at);
    at = part.next + (part.value ?? 0);
  }
  const name = readLength(payload, at);
  return payload.toString('utf8', name.next, name.next + (name.value ?? 0));
}

export function parseRow(payload: Buffer, columns: number): (Buffer | null)[] {
  const row: (Buffer | null)[] = [];
  let at = 0;
  for (let column = 0; column < columns; column += 1) {
    const { value, next } = readLength(payload, at);
    at = next;
    row.push(value === null ? null : payload.subarray(at, at + value));
    at += value ?? 0;
  }
  return row;
}
