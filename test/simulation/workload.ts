/**
 * Applications of the simulated cluster: transfers between two shards, half in two phases and half shard by shard, crossing
 * in both directions so that they deadlock across shards when one is frozen, and a few long transactions on one shard.
 */
import type { FakeDatabase, SnapshotRecord } from './database.ts';
import type { Chance, VirtualTime } from './virtual-time.ts';

export interface Load {
  readonly clients: number;
  /** Between two transfers of a client. */
  readonly thinkMs: number;
  /** Between two statements of a transfer, on average. */
  readonly statementMs: number;
  /** Share of two-phase transfers whose client dies after preparing; somebody recovers them a little later. */
  readonly orphans: number;
  /** Long transactions per second on the whole cluster, and how long they last at most. */
  readonly longPerSecond: number;
  readonly longMs: number;
}

interface Transfer {
  readonly name: string;
  readonly shards: readonly [FakeDatabase, FakeDatabase];
}

export class Workload {
  readonly #databases: readonly FakeDatabase[];
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #load: Load;
  readonly #transfers: Transfer[] = [];
  #running = true;
  #number = 0;
  /** Transfers that had written on one shard and then had to wait for the other. */
  waited = 0;

  constructor(databases: readonly FakeDatabase[], time: VirtualTime, chance: Chance, load: Load) {
    this.#databases = databases;
    this.#time = time;
    this.#chance = chance;
    this.#load = load;
  }

  begin(): void {
    for (let client = 0; client < this.#load.clients; client += 1) this.#think();
    if (this.#load.longPerSecond > 0) this.#planLong();
  }

  end(): void {
    this.#running = false;
  }

  get transfers(): number {
    return this.#transfers.length;
  }

  /** Transfers that are in the snapshots by half. `snapshots` stand in the order of the databases. */
  torn(snapshots: readonly SnapshotRecord[]): string[] {
    const at = new Map(this.#databases.map((database, index) => [database, snapshots[index]?.sequence ?? 0]));
    const torn: string[] = [];
    for (const { name, shards } of this.#transfers) {
      const [first, second] = shards.map(
        (shard) => (shard.committed.get(name) ?? Infinity) <= (at.get(shard) ?? 0),
      );
      if (first !== second) torn.push(name);
    }
    return torn;
  }

  #think(): void {
    const { thinkMs } = this.#load;
    this.#time.after(this.#chance.between(0, 2 * thinkMs), () => {
      if (this.#running) this.#transfer();
    });
  }

  #step(then: () => void): void {
    this.#time.after(this.#chance.between(0, 2 * this.#load.statementMs), then);
  }

  #transfer(): void {
    const one = this.#chance.one(this.#databases);
    const other = this.#chance.one(this.#databases.filter((database) => database !== one));
    this.#number += 1;
    const transfer: Transfer = { name: `transfer-${this.#number}`, shards: [one, other] };
    this.#transfers.push(transfer);
    one.write(transfer.name, () =>
      this.#step(() => {
        let written = false;
        other.write(transfer.name, () => {
          written = true;
          this.#step(() =>
            this.#chance.happens(0.5) ? this.#twoPhases(transfer) : this.#shardByShard(transfer),
          );
        });
        if (!written) this.waited += 1;
      }),
    );
  }

  #shardByShard({ name, shards: [one, other] }: Transfer): void {
    one.commit(name);
    this.#step(() => {
      other.commit(name);
      this.#think();
    });
  }

  #twoPhases({ name, shards: [one, other] }: Transfer): void {
    one.prepare(name);
    this.#step(() => {
      other.prepare(name);
      const commit = (): void =>
        this.#step(() => {
          one.commit(name);
          this.#step(() => other.commit(name));
        });
      if (this.#chance.happens(this.#load.orphans)) {
        one.detach(name);
        other.detach(name);
        this.#time.after(this.#chance.between(20, 300), commit);
      } else commit();
      this.#think();
    });
  }

  #planLong(): void {
    const { longPerSecond, longMs } = this.#load;
    this.#time.after((-Math.log(1 - this.#chance.next()) * 1000) / longPerSecond, () => {
      if (!this.#running) return;
      const database = this.#chance.one(this.#databases);
      this.#number += 1;
      const name = `long-${this.#number}`;
      database.write(name, () =>
        this.#time.after(this.#chance.between(20, longMs), () => database.commit(name)),
      );
      this.#planLong();
    });
  }
}
