/**
 * The server's own promise that a lock session ends in time: a second session that sleeps and then kills the first.
 * It works whatever becomes of this process, as long as the server itself runs.
 */
import { sendUntil } from '../../../repeated-order.ts';
import { ConnectionLost, failure, isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { openSession } from '../connection/connection.ts';
import type { Wire } from '../connection/wire.ts';

export class Watchdog {
  readonly #wire: Wire;
  #running: Promise<void> | undefined;

  static async open(endpoint: Endpoint, limitMs: number): Promise<Watchdog> {
    const { wire } = await openSession(endpoint, { name: 'watchdog', multiStatements: true }, { limitMs });
    return new Watchdog(wire);
  }

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  get alive(): boolean {
    return this.#wire.alive;
  }

  get threadId(): number {
    return this.#wire.threadId;
  }

  /**
   * Resolves when the server has begun to count: `victim` is killed `afterMs` from then unless `disarm` comes first.
   * Throws when the server does not take it; then nothing is counted.
   */
  async arm(victim: number, afterMs: number): Promise<void> {
    if (this.#running !== undefined) throw new ConnectionLost('the watchdog still runs');
    let begun: () => void = () => undefined;
    const counting = new Promise<void>((resolve) => {
      begun = resolve;
    });
    // The first statement's answer shows that the server has taken the packet up. An interrupted sleep gives 1 on
    // MySQL and goes on, and fails on MariaDB: neither then kills, for there is no thread 0.
    const seconds = (afterMs / 1000).toFixed(3);
    const sql = `DO 0; SET @slept = SLEEP(${seconds}); KILL CONNECTION IF(@slept = 0, ${victim}, 0)`;
    let refused: unknown;
    const ended = this.#wire
      .results(sql, () => begun())
      .then(
        () => undefined,
        (error: unknown) => {
          // Interrupted, or the victim is gone already: both are ends it was made for.
          if (!isServerError(error, 1317, 1094)) refused = error;
        },
      );
    this.#running = ended;
    await Promise.race([counting, ended]);
    if (refused !== undefined) throw failure(refused, 'start the watchdog', 'server');
  }

  /** Ends the counting; resolves when the server has confirmed that nothing will be killed any more. Never throws. */
  async disarm(control: Wire): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    // Again, should the first have come before the sleep began.
    await sendUntil(running, async () => {
      await control.run(`KILL QUERY ${this.#wire.threadId}`).catch((error: unknown) => {
        // Without a control session the watchdog is ended by ending its connection.
        if (!isServerError(error)) this.#wire.destroy();
      });
    });
    this.#running = undefined;
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }
}
