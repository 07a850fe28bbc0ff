/** A set of one shard held in memory, so that an engine can be tried without pipeline, repository and coordinator. */
import type {
  BackupSession,
  Engine,
  Finding,
  GlobalsOrder,
  RawSink,
  ReadLane,
  ReadTask,
  RestoreSession,
  StoredShard,
  WriteLane,
} from '../../shard-agent/engine.ts';
import { noteLargestRow } from '../../shard-agent/stored-shard.ts';
import type { ChunkLine, SchemaLine } from '../../repository/manifest-entries.ts';

export interface MemoryChunk {
  readonly line: ChunkLine;
  readonly bytes: Buffer;
}

export interface MemoryShard {
  readonly stored: StoredShard;
  readonly chunks: readonly MemoryChunk[];
}

/** Collects the chunks of one task. `slow` makes every append wait, as a busy pipeline would. */
export class MemorySink implements RawSink {
  readonly chunks: { rows: number; bytes: Buffer; largestRow: number | undefined }[] = [];
  readonly #chunkBytes: number;
  readonly #slow: boolean;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(chunkBytes: number, slow = false) {
    this.#chunkBytes = chunkBytes;
    this.#slow = slow;
  }

  append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
    const copy = Buffer.from(source.subarray(start, end));
    this.#parts.push(copy);
    this.#size += copy.length;
    return this.#slow ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  }

  get full(): boolean {
    return this.#size >= this.#chunkBytes;
  }

  endChunk(rows: number, largestRow?: number): Promise<void> {
    this.chunks.push({ rows, bytes: Buffer.concat(this.#parts), largestRow });
    this.#parts = [];
    this.#size = 0;
    return Promise.resolve();
  }
}

/** Reads everything after a cut. Lanes take tasks side by side, in their order. */
export async function copyShard(
  session: BackupSession,
  options: { chunkBytes: number; slow?: boolean },
): Promise<MemoryShard> {
  const head = await session.shardLine();
  const databases = await session.databaseLines();
  const pieces: { line: SchemaLine; bytes: Buffer }[] = [];
  for await (const piece of session.schema()) {
    const parts: Uint8Array[] = [];
    for await (const part of piece.body) parts.push(Buffer.from(part));
    const bytes = Buffer.concat(parts);
    const line: SchemaLine = {
      kind: 'schema',
      database: piece.database,
      name: piece.name,
      object: `${piece.database}/${piece.fileName}`,
      offset: 0,
      length: bytes.length,
      sha256: '',
      rawBytes: bytes.length,
    };
    pieces.push({ line, bytes });
  }
  const chunks: MemoryChunk[] = [];
  const tasks = [...session.tasks()];
  const lanes = await session.readLanes();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
        chunks.push(...(await readTask(lane, task, options)));
      }
    }),
  );
  await session.confirmServer();
  const largestRows = new Map<number, number>();
  for (const { line } of chunks) noteLargestRow(largestRows, line);
  const stored: StoredShard = {
    shard: {
      kind: 'shard',
      format: 'tidemark-manifest-1',
      cluster: 'conformance',
      set: '20261120T000000Z-full',
      shard: 'shard',
      ...head,
    },
    databases,
    schema: pieces.map((piece) => piece.line),
    tables: session.tables,
    rows: new Map(
      session.tables.map(({ table }) => [
        table,
        chunks.filter(({ line }) => line.table === table).reduce((sum, { line }) => sum + line.rows, 0),
      ]),
    ),
    largestRows,
    invariants: [],
    async *openSchema(line) {
      const piece = pieces.find((candidate) => candidate.line === line);
      if (piece === undefined) throw new Error(`no schema piece ${line.object}`);
      // In pieces, as a pipeline gives them.
      for (let at = 0; at < piece.bytes.length; at += 10_000) yield piece.bytes.subarray(at, at + 10_000);
    },
    openChunk: (_, line) => chunkBytes(chunks, line),
  };
  return { stored, chunks };
}

async function* chunkBytes(chunks: readonly MemoryChunk[], line: ChunkLine): AsyncGenerator<Buffer> {
  const chunk = chunks.find((candidate) => candidate.line === line);
  if (chunk === undefined) throw new Error(`no chunk of table ${line.table}`);
  for await (const piece of inPieces(chunk.bytes)) yield piece;
}

export async function readTask(
  lane: ReadLane,
  task: ReadTask,
  options: { chunkBytes: number; slow?: boolean },
  signal: AbortSignal = new AbortController().signal,
): Promise<MemoryChunk[]> {
  const sink = new MemorySink(options.chunkBytes, options.slow);
  await lane.read(task, sink, signal);
  return sink.chunks.map((chunk, part) => ({
    bytes: chunk.bytes,
    line: {
      kind: 'chunk',
      table: task.table,
      rows: chunk.rows,
      rawBytes: chunk.bytes.length,
      rawSha256: '',
      object: '',
      offset: 0,
      length: chunk.bytes.length,
      sha256: '',
      range: {
        ...task.range,
        part,
        ...(chunk.largestRow === undefined ? {} : { largestRow: chunk.largestRow }),
      },
    },
  }));
}

/** Prepare, lock, cut, copy, close: what a backup does when nobody is in the way. */
export async function takeShard(
  engine: Engine,
  options: { lanes?: number; chunkBytes?: number; slow?: boolean; globals?: GlobalsOrder } = {},
): Promise<MemoryShard> {
  const chunkBytes = options.chunkBytes ?? 64 * 1024;
  const session = await engine.prepareBackup({
    lanes: options.lanes ?? 2,
    chunkBytes,
    holdLimitMs: 2_000,
    copyLimitMs: 120_000,
    locks: true,
    globals: options.globals ?? 'none',
    signal: new AbortController().signal,
  });
  try {
    const lock = await session.lock(1_000, new AbortController().signal);
    if (lock.outcome !== 'locked')
      throw new Error(`not locked: ${lock.reason} ${JSON.stringify(lock.blockers)}`);
    await session.cut();
    return await copyShard(session, {
      chunkBytes,
      ...(options.slow === undefined ? {} : { slow: options.slow }),
    });
  } finally {
    await session.close();
  }
}

export function prepareRestore(
  engine: Engine,
  shard: MemoryShard,
  restore: string,
  options: { lanes?: number; globals?: boolean } = {},
): Promise<RestoreSession> {
  return engine.prepareRestore({
    restore,
    cluster: 'conformance',
    lanes: options.lanes ?? 2,
    // A test may have changed what the chunks hold.
    stored: { ...shard.stored, openChunk: (_, line) => chunkBytes(shard.chunks, line) },
    globals: options.globals ?? false,
    signal: new AbortController().signal,
  });
}

/** Loads every chunk through the lanes; resolves with the rows the server says it took. */
export async function loadChunks(lanes: readonly WriteLane[], shard: MemoryShard): Promise<number> {
  const chunks = [...shard.chunks];
  let rows = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
        const { bytes, line } = chunk;
        const table = shard.stored.tables[line.table];
        if (table === undefined) throw new Error(`no table ${line.table}`);
        const took = await lane.load(table, line, inPieces(bytes), new AbortController().signal);
        rows += took;
      }
    }),
  );
  return rows;
}

/** Pieces that begin and end in the middle of rows. */
export async function* inPieces(bytes: Buffer): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += 7_001) yield bytes.subarray(at, at + 7_001);
}

/** Stage, load, close, switch, open, finish: the whole restore. Resolves with its warnings. */
export async function restoreShard(
  engine: Engine,
  shard: MemoryShard,
  restore: string,
  options: { lanes?: number; globals?: boolean } = {},
): Promise<readonly Finding[]> {
  const session = await prepareRestore(engine, shard, restore, options);
  try {
    await session.stage();
    await loadChunks(await session.writeLanes(), shard);
    await session.finishLoad();
    await session.closeTarget();
    await session.switch();
    await session.open();
    return await session.finish();
  } finally {
    await session.close();
  }
}
