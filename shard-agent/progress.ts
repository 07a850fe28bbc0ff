/** How far an operation is: counters that its steps raise, told to the coordinator at a bounded rate. */
import type { Progress as ProgressMessage } from '../proto/gen/tidemark/v1/Progress.ts';
import type { ReplyStream } from '../proto/channel.ts';

export type Phase =
  | 'waiting'
  | 'schema'
  | 'data'
  | 'manifest'
  | 'stage'
  | 'load'
  | 'index'
  | 'check'
  | 'close'
  | 'switch'
  | 'open'
  | 'verify';

/** Milliseconds between two reports of one call. */
const progressIntervalMs = 500;

/** Counters of one operation. Bytes are raw bytes unless they say otherwise. */
export class Progress {
  phase: Phase;
  bytes = 0;
  rows = 0;
  storedBytes = 0;
  totalBytes = 0;
  chunks = 0;
  totalChunks = 0;
  /** When the snapshots were opened, on the clock of `performance.now()`; undefined where there are none. */
  snapshotAtMs: number | undefined;

  constructor(phase: Phase) {
    this.phase = phase;
  }

  message(): ProgressMessage {
    return {
      phase: this.phase,
      bytes: this.bytes,
      rows: this.rows,
      storedBytes: this.storedBytes,
      totalBytes: this.totalBytes,
      chunks: this.chunks,
      totalChunks: this.totalChunks,
      snapshotAgeMs: this.snapshotAtMs === undefined ? 0 : performance.now() - this.snapshotAtMs,
    };
  }

  /** Reports now and every `progressIntervalMs`, leaving reports out while the peer reads slowly. The result ends it. */
  report(replies: ReplyStream<{ progress: ProgressMessage }>): () => void {
    const tell = (): void => {
      if (!replies.congested) replies.send({ progress: this.message() });
    };
    tell();
    const timer = setInterval(tell, progressIntervalMs);
    return () => clearInterval(timer);
  }
}
