/**
 * From stored objects back to raw bytes. Nothing wrong is ever given out whole: the last piece is held back until
 * the stored digest, the raw digest and both sizes are what the manifest says.
 */
import { createHash, type Hash } from 'node:crypto';
import { TidemarkError } from '../../proto/errors.ts';
import type { ObjectRef } from '../../repository/manifest-entries.ts';
import type { PieceSource } from '../../repository/read-ahead.ts';
import { frameLength, maxFrameBytes, type RawFrame, unpackFrame } from './frame.ts';

/** What the manifest says of a packed object. A piece of the schema has no raw digest. */
export interface PackedRef extends ObjectRef {
  readonly rawBytes: number;
  readonly rawSha256?: string;
  /** For messages: the table whose rows these are. */
  readonly of?: string;
}

/** Frames unpacked ahead of the reader. With the one given out, they bound the memory of one reader. */
const framesAhead = 3;
/** zstd stores what it cannot pack in raw blocks; headers and checksum add less than this. */
const maxStoredFrameBytes = maxFrameBytes + 64 * 1024;

/**
 * The raw bytes of a packed object, a frame at a time. Throws `bad-bytes` naming the object, before the last piece,
 * if anything differs; what was given out until then must not be kept. Can be read again.
 */
export async function* unpack(store: PieceSource, ref: PackedRef): AsyncGenerator<Buffer<ArrayBuffer>> {
  const stored = createHash('sha256');
  const rawDigests = createHash('sha256');
  let rawBytes = 0;
  let held: Buffer<ArrayBuffer> | undefined;
  for await (const raw of unpackAhead(splitFrames(store, ref, stored), ref)) {
    // An empty frame is no part of the content: earlier builds stored one where zlib's output buffer ended with a frame.
    if (raw.pieces.length === 0) continue;
    rawDigests.update(raw.digest);
    for (const piece of raw.pieces) {
      rawBytes += piece.length;
      if (rawBytes > ref.rawBytes)
        throw bad(ref, `it holds more than the ${ref.rawBytes} raw bytes recorded`);
      if (held !== undefined) yield held;
      held = piece;
    }
  }
  checkStored(ref, stored);
  if (rawBytes !== ref.rawBytes)
    throw bad(ref, `it holds ${rawBytes} raw bytes, recorded are ${ref.rawBytes}`);
  if (ref.rawSha256 !== undefined && rawDigests.digest('hex') !== ref.rawSha256) {
    throw bad(ref, 'its raw bytes do not have the digest recorded');
  }
  if (held !== undefined) yield held;
}

/** The bytes of an object that was stored as it came. The same guarantee as `unpack`. */
export async function* readUnpacked(store: PieceSource, ref: PackedRef): AsyncGenerator<Buffer> {
  const stored = createHash('sha256');
  let held: Buffer | undefined;
  let length = 0;
  for await (const piece of store.read(ref.object, { offset: ref.offset, length: ref.length })) {
    stored.update(piece);
    length += piece.length;
    if (held !== undefined) yield held;
    held = piece;
  }
  checkStored(ref, stored);
  if (length !== ref.rawBytes) throw bad(ref, `it holds ${length} bytes, recorded are ${ref.rawBytes}`);
  if (held !== undefined) yield held;
}

async function* unpackAhead(frames: AsyncIterable<Buffer>, ref: PackedRef): AsyncGenerator<RawFrame> {
  const ahead: Promise<RawFrame>[] = [];
  for await (const frame of frames) {
    const raw = unpackOne(frame, ref);
    // Until its turn comes nobody awaits it.
    raw.catch(() => undefined);
    ahead.push(raw);
    const first = ahead.length > framesAhead ? ahead.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const raw of ahead) yield await raw;
}

async function unpackOne(frame: Buffer, ref: PackedRef): Promise<RawFrame> {
  try {
    return await unpackFrame(frame);
  } catch (error) {
    throw bad(
      ref,
      `a frame cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

/** Whole zstd frames, in order; only one that two pieces share is copied. Hashes the stored bytes as they pass. */
async function* splitFrames(store: PieceSource, ref: PackedRef, stored: Hash): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of store.read(ref.object, { offset: ref.offset, length: ref.length })) {
    stored.update(piece);
    let at = 0;
    for (let length = lengthOf(ref, rest, piece); length !== undefined; ) {
      const end = at + length - rest.length;
      yield rest.length === 0 ? piece.subarray(at, end) : Buffer.concat([rest, piece.subarray(at, end)]);
      rest = Buffer.alloc(0);
      at = end;
      length = lengthOf(ref, rest, piece.subarray(at));
    }
    rest = rest.length === 0 ? piece.subarray(at) : Buffer.concat([rest, piece]);
    if (rest.length > maxStoredFrameBytes) throw bad(ref, 'a frame is larger than any that Tidemark writes');
  }
  if (rest.length > 0) throw bad(ref, 'it ends in the middle of a frame');
}

function lengthOf(ref: PackedRef, head: Buffer, tail: Buffer): number | undefined {
  try {
    return frameLength(head, tail);
  } catch (error) {
    throw bad(ref, error instanceof Error ? error.message : String(error), error);
  }
}

function checkStored(ref: PackedRef, stored: Hash): void {
  if (stored.digest('hex') === ref.sha256) return;
  throw bad(ref, 'its stored bytes do not have the SHA-256 recorded in the manifest');
}

function bad(ref: PackedRef, cause: string, error?: unknown): TidemarkError {
  const where = `bytes ${ref.offset} to ${ref.offset + ref.length}`;
  const place = ref.of === undefined ? '' : ` (${where}: ${ref.of})`;
  return new TidemarkError(
    {
      code: 'bad-bytes',
      operation: 'read a stored object',
      subject: ref.object,
      cause: `${cause}${place}`,
    },
    { cause: error },
  );
}
