/**
 * One frame: up to 1 MiB of raw bytes as an independent zstd frame with a content checksum.
 *
 * Packing and unpacking run on the libuv pool, so several frames of one lane use several cores.
 * Format: RFC 8878.
 */
import { createHash, hash } from 'node:crypto';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { FrameStreams } from './frame-stream.ts';

/** Raw bytes of every frame but a chunk's last. */
export const frameBytes = 1024 * 1024;

/** A frame that says it holds more than this is not ours, and is refused before memory is taken for it. */
export const maxFrameBytes = 4 * frameBytes;
const maxWindowLog = Math.log2(maxFrameBytes);

/** Output that zlib allocates at once: several packed frames lie in it side by side, most of them without being moved. */
const packedBufferBytes = 4 * frameBytes;

export interface PackedFrame {
  readonly stored: Buffer;
  /** SHA-256 of the raw bytes. */
  readonly rawDigest: Buffer;
}

const packers = new Map<number, FrameStreams>();

function packersOf(level: number): FrameStreams {
  const found = packers.get(level);
  if (found !== undefined) return found;
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  };
  // Every write is a frame of its own.
  const flush = constants.ZSTD_e_end;
  const made = new FrameStreams(() => createZstdCompress({ chunkSize: packedBufferBytes, flush, params }));
  packers.set(level, made);
  return made;
}

/** Packs `raw`, which must not change until the promise has settled. May run concurrently. */
export async function packFrame(raw: Uint8Array<ArrayBuffer>, level: number): Promise<PackedFrame> {
  const packing = packersOf(level).run(raw, 2 * maxFrameBytes);
  // On the main thread: the pool would hash a copy, a third more CPU in all, and while both cores have work that counts.
  const rawDigest = hash('sha256', raw, 'buffer');
  const pieces = await packing;
  const [first] = pieces;
  const stored = first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
  // When a frame ends exactly where zlib's output buffer does, zlib asks zstd to go on and gets an empty frame more.
  return { stored: stored.subarray(0, frameLength(stored)), rawDigest };
}

const unpackers = new FrameStreams(() =>
  createZstdDecompress({ chunkSize: frameBytes, params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog } }),
);

export interface RawFrame {
  /** The raw bytes in order; zlib's output buffer may have ended within the frame, and joining them would cost a copy. */
  readonly pieces: readonly Buffer<ArrayBuffer>[];
  /** SHA-256 of the raw bytes. */
  readonly digest: Buffer;
}

/** Unpacks one whole frame. Rejects with zlib's error when its checksum or form is wrong, or it holds over `maxFrameBytes`. */
export async function unpackFrame(stored: Uint8Array): Promise<RawFrame> {
  const pieces = await unpackers.run(stored, maxFrameBytes);
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return { pieces, digest: digest.digest() };
}

const magic = 0xfd2fb528;
const lastBlock = 1;
const reservedBlock = 3;
const rleBlock = 1;

/**
 * Length of the zstd frame that begins with `head` and goes on, where that ends, with `tail`; undefined when more bytes are
 * needed to tell. Throws RangeError when this is no zstd frame.
 */
export function frameLength(head: Buffer, tail: Buffer = Buffer.alloc(0)): number | undefined {
  const have = head.length + tail.length;
  const numberAt = (at: number, bytes: number): number => {
    let number = 0;
    for (let byte = bytes - 1; byte >= 0; byte -= 1) {
      const index = at + byte;
      const value = index < head.length ? head[index] : tail[index - head.length];
      number = number * 256 + (value ?? 0);
    }
    return number;
  };
  if (have < 5) return undefined;
  if (numberAt(0, 4) !== magic) throw new RangeError('no zstd frame begins here');
  const descriptor = numberAt(4, 1);
  const singleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  for (;;) {
    if (have < at + 3) return undefined;
    const header = numberAt(at, 3);
    const type = (header >> 1) & 3;
    if (type === reservedBlock) throw new RangeError('a zstd block of the reserved type');
    at += 3 + (type === rleBlock ? 1 : header >> 3);
    if ((header & lastBlock) !== 0) break;
  }
  at += hasChecksum ? 4 : 0;
  return have < at ? undefined : at;
}
