/**
 * zlib streams that are kept from frame to frame, one frame in, one frame out, on the libuv pool.
 *
 * What it saves: zlib's calls for a single buffer make a context, a stream and fresh output for each frame. Kept streams
 * pack for a tenth and unpack for a quarter less CPU, and leave so little garbage that it is collected a third less often.
 */
import type { ZstdCompress, ZstdDecompress } from 'node:zlib';

/** Milliseconds after the last frame at which an idle agent lets its streams go. */
const keptMs = 10_000;

/** Streams of one kind: as many as frames are under way at once, which whoever hands frames in must bound. */
export class FrameStreams {
  readonly #make: () => ZstdCompress | ZstdDecompress;
  readonly #idle: FrameStream[] = [];
  #release: NodeJS.Timeout | undefined;

  constructor(make: () => ZstdCompress | ZstdDecompress) {
    this.#make = make;
  }

  /**
   * What the stream makes of one input, which must not change until the promise has settled, in the pieces it comes in. Rejects
   * with zlib's error, and with a RangeError for more than `limitBytes` of output. May run concurrently.
   */
  async run(input: Uint8Array, limitBytes: number): Promise<Buffer<ArrayBuffer>[]> {
    const stream = this.#idle.pop() ?? new FrameStream(this.#make());
    const output = await stream.run(input, limitBytes);
    // One that has failed is not taken up again.
    this.#idle.push(stream);
    this.#release ??= setTimeout(() => this.#letGo(), keptMs).unref();
    this.#release.refresh();
    return output;
  }

  #letGo(): void {
    this.#release = undefined;
    for (const stream of this.#idle.splice(0)) stream.close();
  }
}

class FrameStream {
  readonly #stream: ZstdCompress | ZstdDecompress;
  #pieces: Buffer<ArrayBuffer>[] = [];
  #bytes = 0;
  #limitBytes = 0;
  #reject: ((error: Error) => void) | undefined;

  constructor(stream: ZstdCompress | ZstdDecompress) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer<ArrayBuffer>) => {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
      if (this.#bytes > this.#limitBytes) this.#fail(`it holds more than ${this.#limitBytes} bytes`);
    });
    stream.on('error', (error) => this.#reject?.(error));
  }

  run(input: Uint8Array, limitBytes: number): Promise<Buffer<ArrayBuffer>[]> {
    this.#limitBytes = limitBytes;
    const end = this.#stream.bytesWritten + input.length;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#stream.write(input, (error) => {
        if (error) return reject(error);
        // zlib takes what follows a frame for the end of everything, and says nothing.
        if (this.#stream.bytesWritten !== end) return this.#fail('bytes that belong to no frame follow it');
        // Gives out what is queued, if anything is.
        while (this.#stream.read() !== null);
        resolve(this.#take());
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }

  #fail(cause: string): void {
    this.#stream.destroy(new RangeError(cause));
  }

  #take(): Buffer<ArrayBuffer>[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }
}
