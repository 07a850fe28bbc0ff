/**
 * A process that takes an engine's locks and then does nothing, to be killed or frozen by a test.
 * `node lock-holder-process.ts '{"config": {"engine": "postgres", …}, "password": "…", "tools": {}, "holdLimitMs": 500}'`
 * Prints `locking` before it asks, `locked` when it has the locks, `cut` after a line `cut` on stdin.
 */
import { openEngine } from '../../shard-agent/open-engine.ts';
import type { DatabaseConfig, ToolPaths } from '../../topology/agent-file.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as {
  config: DatabaseConfig;
  password: string;
  tools: ToolPaths;
  holdLimitMs: number;
};

const never = new AbortController().signal;
const engine = await openEngine(order.config, order.password, order.tools);
const session = await engine.prepareBackup({
  lanes: 1,
  chunkBytes: 1 << 20,
  holdLimitMs: order.holdLimitMs,
  copyLimitMs: 60_000,
  locks: true,
  globals: 'none',
  signal: never,
});
process.stdout.write('locking\n');
const outcome = await session.lock(order.holdLimitMs, never);
process.stdout.write(outcome.outcome === 'locked' ? 'locked\n' : `${JSON.stringify(outcome)}\n`);
process.stdin.on('data', (line: Buffer) => {
  if (!line.toString().startsWith('cut')) return;
  session.cut().then(
    () => process.stdout.write('cut\n'),
    (error: unknown) => process.stdout.write(`${String(error)}\n`),
  );
});
