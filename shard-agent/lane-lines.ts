/** From what a lane reports to the manifest and the progress. */
import { reached } from '../proto/step-points.ts';
import type { ChunkLine } from '../repository/manifest-entries.ts';
import type { ManifestWriter } from '../repository/manifest.ts';
import type { LaneReport } from './lane.ts';
import type { Progress } from './progress.ts';

/** Chunks of a running task that are kept back from the manifest, so that another lane may do the task again. */
const heldLines = 1024;

/**
 * The chunk lines of one lane. Those of the running task are kept back until it is done, or until they are too many to keep;
 * those of a shared object, whose tasks are done, go into the manifest one after the other, as it wants them.
 */
export class LaneLines {
  readonly #manifest: ManifestWriter;
  readonly #progress: Progress;
  #lines: ChunkLine[] = [];
  #written: Promise<void>;
  #bytes = 0;
  #storedBytes = 0;
  /** False when lines of the running task are in the manifest. */
  retractable = true;

  /** `listed`: the tables stand in the manifest, which no chunk may come before. */
  constructor(manifest: ManifestWriter, progress: Progress, listed: Promise<void>) {
    this.#manifest = manifest;
    this.#progress = progress;
    this.#written = listed;
  }

  /** Another task is run; the one before it is done. */
  begin(): void {
    this.#bytes = 0;
    this.#storedBytes = 0;
    this.retractable = true;
  }

  take(report: LaneReport): void {
    switch (report.kind) {
      case 'frame':
        this.#bytes += report.rawBytes;
        this.#storedBytes += report.storedBytes;
        this.#progress.bytes += report.rawBytes;
        this.#progress.storedBytes += report.storedBytes;
        return;
      case 'chunk':
        this.#lines.push(report.line);
        this.#stored([report.line]);
        if (this.#lines.length > heldLines) this.append();
        return;
      case 'shared':
        for (const line of report.lines) {
          this.#progress.bytes += line.rawBytes;
          this.#progress.storedBytes += line.length;
        }
        this.#stored(report.lines);
        this.#write(report.lines);
    }
  }

  /** Writes what was kept back of the running task. */
  append(): void {
    if (this.#lines.length === 0) return;
    this.retractable = false;
    this.#write(this.#lines);
    this.#lines = [];
  }

  /** Resolves when all lines that were to be written are. */
  async written(): Promise<void> {
    await this.#written;
  }

  /** Another lane will do all of the running task again. */
  retract(): void {
    this.#progress.bytes -= this.#bytes;
    this.#progress.storedBytes -= this.#storedBytes;
    this.#progress.totalChunks -= this.#lines.filter(isUnplanned).length;
    this.#lines = [];
  }

  #stored(lines: readonly ChunkLine[]): void {
    this.#progress.totalChunks += lines.filter(isUnplanned).length;
    this.#then(async () => {
      for (let count = lines.length; count > 0; count -= 1) await reached('agent.chunk-stored');
    });
  }

  #write(lines: readonly ChunkLine[]): void {
    this.#then(async () => {
      // All at once, so that no other lane's line comes between the pieces of an object.
      await Promise.all(lines.map((line) => this.#manifest.write(line)));
      this.#progress.chunks += lines.length;
      for (const line of lines) this.#progress.rows += line.rows;
    });
  }

  #then(work: () => Promise<void>): void {
    this.#written = this.#written.then(work);
    // A failure is met in `written`.
    this.#written.catch(() => undefined);
  }
}

/** The first chunk of a task was counted as planned. */
function isUnplanned(line: ChunkLine): boolean {
  return line.range['part'] !== 0;
}
