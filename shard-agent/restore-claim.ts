/**
 * This agent's claim on the restores of its server. An agent may settle a staging that it finds there only while it has the claim: another
 * agent that was started on the same server, by mistake or on purpose, may be at work on it.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { Engine, RestoreClaim } from './engine.ts';

export class ServerClaim {
  readonly #engine: Pick<Engine, 'claimRestores'>;
  readonly #shard: string;
  #claim: RestoreClaim | undefined;
  /** One question at a time: steps of several restores share the claim. */
  #queue: Promise<void> = Promise.resolve();

  constructor(engine: Pick<Engine, 'claimRestores'>, shard: string) {
    this.#engine = engine;
    this.#shard = shard;
  }

  /**
   * Resolves when the claim is ours, newly or still. Throws `agent-busy` when another agent has it, and what the server says.
   * A claim that was lost with its session, such as by a restart of the server, is taken again. Repeatable.
   */
  ensure(signal: AbortSignal): Promise<void> {
    const asked = this.#queue.then(() => this.#ensure(signal));
    this.#queue = asked.catch(() => undefined);
    return asked;
  }

  /** Gives the claim back. Idempotent, never throws. */
  async release(): Promise<void> {
    await this.#queue;
    const claim = this.#claim;
    this.#claim = undefined;
    await claim?.release();
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    if (this.#claim !== undefined) {
      const claim = this.#claim;
      const lost = await claim.confirm().then(
        () => false,
        () => true,
      );
      if (!lost) return;
      this.#claim = undefined;
      await claim.release();
    }
    const outcome = await this.#engine.claimRestores(signal);
    if (outcome.outcome === 'held') throw this.#held(outcome.holder);
    this.#claim = outcome.claim;
  }

  #held(holder: string): TidemarkError {
    return new TidemarkError({
      code: 'agent-busy',
      operation: 'claim the restores of the server',
      subject: this.#shard,
      cause: `another agent is at work on restores of this server: ${holder}`,
      remedy: 'Wait until that restore has ended. Let only one agent restore to a server.',
    });
  }
}
