import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a log line carries what a server said, and a terminal finds nothing in it to obey', async () => {
  const log = fileURLToPath(new URL('../../../shard-agent/log.ts', import.meta.url));
  const said = 'acc\nounts\u001b[2J\u009b2J\u202e';
  const script = `import { openLog } from ${JSON.stringify(log)}; const { log, drain } = openLog('shop-00', { level: 'info', format: 'json' }); log.info(${JSON.stringify(said)}); await drain();`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stderr.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(stderr)).toMatchObject({ shard: 'shop-00', msg: said });
});
