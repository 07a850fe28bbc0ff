import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sendUntil } from '../../../shard-agent/repeated-order.ts';

test('an order is repeated with pauses until what it waits for has settled, and then no more', async () => {
  for (const settle of ['resolve', 'reject'] as const) {
    const over = Promise.withResolvers<void>();
    let sent = 0;
    const sending = sendUntil(over.promise, () => {
      sent += 1;
      return Promise.resolve();
    });
    await sleep(300);
    over[settle]();
    await sending;
    // 5, 10, 20, 40, 80, 100, 100 ms: seven at most in 300 ms, though every one is answered at once.
    expect(sent).toBeGreaterThan(2);
    expect(sent).toBeLessThan(9);
    const before = sent;
    await sleep(150);
    expect(sent).toBe(before);
  }
});
