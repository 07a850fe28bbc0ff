import { expect, test } from 'vitest';
import { RefusedConnections } from '../../../shard-agent/refused-connections.ts';

function openLog() {
  const lines: string[] = [];
  let nowMs = 0;
  const refused = new RefusedConnections(
    ({ peer, cause }, leftOut) => void lines.push(`${peer} ${cause} ${leftOut}`),
    () => nowMs,
  );
  return { lines, refused, pass: (ms: number) => (nowMs += ms) };
}

test('the same host with the same cause is one line a minute, which says how many were left out', () => {
  const { lines, refused, pass } = openLog();
  for (let port = 1; port <= 500; port += 1) refused.add({ peer: `10.0.0.9:${port}`, cause: 'expired' });
  refused.add({ peer: '10.0.0.9:7', cause: 'plain text' });
  pass(59_999);
  refused.add({ peer: '10.0.0.9:8', cause: 'expired' });
  pass(1);
  refused.add({ peer: '10.0.0.9:9', cause: 'expired' });
  expect(lines).toEqual(['10.0.0.9:1 expired 0', '10.0.0.9:7 plain text 499', '10.0.0.9:9 expired 1']);
});

test('many hosts together are twenty lines a minute', () => {
  const { lines, refused, pass } = openLog();
  for (let host = 0; host < 5_000; host += 1) refused.add({ peer: `[fd00::${host}]:1`, cause: 'expired' });
  expect(lines).toHaveLength(20);
  pass(60_000);
  refused.add({ peer: '10.0.0.1:1', cause: 'expired' });
  expect(lines.at(-1)).toBe('10.0.0.1:1 expired 4980');
});
