/** The few bytes of HTTP/2 (RFC 9113) that are written and read outside grpc-js, to find out why a channel does not open. */

const goAwayType = 0x07;
const settingsType = 0x04;
const headerBytes = 9;
/** Last stream and error code of a GOAWAY. */
const goAwayHeadBytes = 8;
/** RFC 9113, section 7: INADEQUATE_SECURITY. */
const inadequateSecurity = 0x0c;
const causeBytes = 1000;

/** What a client sends first: the preface and an empty SETTINGS frame. */
export const clientPreface: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frame(settingsType, Buffer.alloc(0)),
]);

/** A GOAWAY that says why the connection is refused, as its debug data. */
export function refusalFrame(cause: string): Buffer {
  const head = Buffer.alloc(goAwayHeadBytes);
  head.writeUInt32BE(inadequateSecurity, 4);
  return frame(goAwayType, Buffer.concat([head, Buffer.from(cause, 'utf8').subarray(0, causeBytes)]));
}

/** What the first bytes of a server are; `more` while they do not tell yet. */
export type FirstFrame =
  | { readonly kind: 'settings' | 'more' | 'other' }
  | { readonly kind: 'refusal'; readonly cause: string };

export function readFirstFrame(bytes: Buffer): FirstFrame {
  if (bytes.length < headerBytes) return { kind: 'more' };
  const length = bytes.readUIntBE(0, 3);
  const type = bytes[3];
  const onConnection = bytes.readUInt32BE(5) === 0;
  if (type === settingsType && onConnection && length % 6 === 0) return { kind: 'settings' };
  if (type !== goAwayType || !onConnection || length > goAwayHeadBytes + causeBytes) return { kind: 'other' };
  if (bytes.length < headerBytes + length) return { kind: 'more' };
  const cause = bytes.toString('utf8', headerBytes + goAwayHeadBytes, headerBytes + length);
  // It goes to a terminal.
  return { kind: 'refusal', cause: cause.replace(/\p{C}/gu, ' ') };
}

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  return Buffer.concat([header, payload]);
}
