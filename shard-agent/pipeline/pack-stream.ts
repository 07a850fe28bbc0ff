/** Packs a stream that is no table, such as a piece of the schema, frame by frame. */
import { frameBytes, packFrame } from './frame.ts';

export interface PackedStream {
  readonly body: AsyncIterable<Uint8Array>;
  /** Raw bytes taken in so far; the whole when the body has ended. */
  readonly rawBytes: () => number;
}

/** Holds one frame. An error of the source is passed on. */
export function packStream(source: AsyncIterable<Uint8Array>, level: number): PackedStream {
  let rawBytes = 0;
  const pack = async (raw: Buffer<ArrayBuffer>): Promise<Buffer> => (await packFrame(raw, level)).stored;
  async function* body(): AsyncGenerator<Uint8Array> {
    const frame = Buffer.allocUnsafeSlow(frameBytes);
    let filled = 0;
    for await (const piece of source) {
      rawBytes += piece.length;
      for (let at = 0; at < piece.length; ) {
        const count = Math.min(piece.length - at, frameBytes - filled);
        frame.set(piece.subarray(at, at + count), filled);
        filled += count;
        at += count;
        if (filled === frameBytes) {
          yield await pack(frame);
          filled = 0;
        }
      }
    }
    if (filled > 0) yield await pack(frame.subarray(0, filled));
  }
  return { body: body(), rawBytes: () => rawBytes };
}

/** Stores a stream as it is, and counts it. */
export function countStream(source: AsyncIterable<Uint8Array>): PackedStream {
  let rawBytes = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      rawBytes += piece.length;
      yield piece;
    }
  }
  return { body: body(), rawBytes: () => rawBytes };
}
