/** One shard's restore: staging, data, keys, switch; or all of it undone. */
import type { SchemaLine } from '../../../../repository/manifest-entries.ts';
import type { InvariantQuery } from '../../../../topology/agent-file.ts';
import type { RestoreOrder, RestoreSession, WriteLane } from '../../../engine.ts';
import { madeAccounts, makeAccounts, readPlan } from '../accounts/account-maker.ts';
import { openSession, withSession } from '../connection/connection.ts';
import { quoteName } from '../connection/quoting.ts';
import { type CreateTable, parseCreateTable, stageTable } from '../schema/create-table.ts';
import { declareDatabase, readDatabaseOptions } from '../schema/database-options.ts';
import type { Dialect } from '../dialect.ts';
import { attempt } from '../connection/failure.ts';
import { requireEmpty } from './fit.ts';
import { withHiddenTables } from './hidden-tables.ts';
import { allowLooseKeys, type KeyPlace, keyPlaces } from '../schema/foreign-key.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { askInvariant } from '../invariant.ts';
import { laneSettings, MysqlWriteLane } from './load.ts';
import { idOf, KeyShapes, type OddKeys } from './odd-keys.ts';
import { LoadedTables } from './loaded-tables.ts';
import { pieceNames } from '../schema/schema.ts';
import { readScript } from '../schema/sql-script.ts';
import { addStep, readSteps } from './staged-steps.ts';
import { createMark, readMark, type StagedDatabase, type StagingMark, writeMark } from './staging-mark.ts';
import { stagingNameOf } from './staging-names.ts';
import { spread, withSessions } from '../connection/side-by-side.ts';
import { lanesDeadlock, TableTurns } from './table-turns.ts';
import { withoutPlaces } from '../schema/table-place.ts';
import { listTables } from './staged-objects.ts';
import { MysqlSettling, openRestoreSession, restoreLimitMs } from './staged-restores.ts';
import { makingSettings } from '../schema/making-settings.ts';
import { RefusedObjects } from './refused-objects.ts';
import { rehearsedLane } from './rehearsed-lane.ts';
import { optionsOf, requireShapes } from './stored-manifest.ts';
import { tryObjects } from './try-objects.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Tables above this size get their secondary indexes after the data, built by sorting: of two indexes that saves a third of
 * the server's CPU. Below it an ALTER TABLE, flushed to disk, costs more than it saves.
 */
const deferKeysBytes = 1024 * 1024;

export async function prepareRestore(endpoint: Endpoint, order: RestoreOrder): Promise<RestoreSession> {
  requireShapes(order.stored);
  const { wire, dialect } = await openRestoreSession(endpoint, []);
  await attempt('prepare the restore', order.restore, () =>
    wire.run(`SET SESSION ${makingSettings(dialect, order.stored).join(', ')}`),
  );
  return new MysqlRestore(endpoint, dialect, wire, order);
}

class MysqlRestore extends MysqlSettling implements RestoreSession {
  readonly #dialect: Dialect;
  readonly #order: RestoreOrder;
  readonly #staging: ReadonlyMap<string, string>;
  readonly #placeIn: (database: string) => KeyPlace;
  readonly #loaded: LoadedTables;
  /** Undefined in a restore: the first refusal ends it. */
  readonly #refused: RefusedObjects | undefined;
  readonly #turns = new TableTurns();
  #steps = 0;
  #lanes: Wire[] = [];
  readonly #writers = new Map<Wire, MysqlWriteLane>();

  constructor(endpoint: Endpoint, dialect: Dialect, wire: Wire, order: RestoreOrder) {
    super(endpoint, wire, order.restore, makingSettings(dialect, order.stored));
    this.#dialect = dialect;
    this.#order = order;
    this.#placeIn = keyPlaces(order.stored.tables);
    this.#staging = new Map(
      order.stored.databases.map(({ name }, index) => [name, stagingNameOf(order.restore, index)]),
    );
    this.#refused = order.rehearsal && new RefusedObjects(order.rehearsal, this.#staging);
    this.#loaded = new LoadedTables(order.stored.rows, this.#refused?.addKey);
  }

  async stage(): Promise<void> {
    await attempt('make the staging', this.restore, async () => {
      const plan = this.#order.globals
        ? await readPlan(this.wire, this.#dialect, this.#order.stored)
        : undefined;
      const mark = { ...(await this.#newMark()), ...(plan && { accounts: madeAccounts(plan) }) };
      await createMark(this.wire, mark);
      // Before the objects that run as them.
      if (plan !== undefined && mark.accounts !== undefined) {
        await makeAccounts(this.wire, this.#dialect, plan, mark.accounts.token, (piece, sql) =>
          this.#addStep('', piece, sql),
        );
      }
      for (const database of mark.databases) await declareDatabase(this.wire, database.staging, database);
      // A default may take its values from another database's sequence.
      for (const database of mark.databases) await this.#makeSequences(database);
      const odd = await this.#oddKeys(mark.databases);
      for (const turn of new Set([...odd.children.values()].toSorted((a, b) => a - b)))
        for (const database of mark.databases) await this.#makeTables(database, odd, turn);
      for (const database of mark.databases) {
        await this.#makeTables(database, odd);
        for (const piece of pieceNames) {
          const line = this.#piece(database.name, piece);
          if (line === undefined || piece === 'database' || piece === 'tables') continue;
          for await (const sql of readScript(this.#order.stored.openSchema(line))) {
            await this.#addStep(database.name, piece, sql);
          }
        }
      }
    });
  }

  /** Refuses a target that holds anything, before anything is made. */
  async #newMark(): Promise<StagingMark> {
    const databases: StagedDatabase[] = [];
    const standing = await readDatabaseOptions(this.wire);
    await requireEmpty(
      this.wire,
      this.#order.stored.databases.map(({ name }) => name),
      'make the staging',
    );
    for (const line of this.#order.stored.databases) {
      const before = standing.get(line.name);
      databases.push({
        name: line.name,
        staging: this.#stagingOf(line.name),
        ...optionsOf(line),
        tables: [],
        hidden: [],
        ...(before === undefined ? {} : { before }),
      });
    }
    return { restore: this.restore, cluster: this.#order.cluster, state: 'staging', databases };
  }

  async #makeSequences(database: StagedDatabase): Promise<void> {
    const line = this.#piece(database.name, 'tables');
    if (line === undefined || !this.#dialect.sequences) return;
    // The file's own settings change the session: not the one that other steps use.
    await withSession(this.endpoint, { name: 'staging' }, async (wire) => {
      await this.#enterStaging(wire, database);
      for await (const sql of readScript(this.#order.stored.openSchema(line))) {
        this.#order.signal.throwIfAborted();
        if (parseCreateTable(sql) !== undefined) continue;
        await this.#unlessRefused(database, sql, () => wire.run(Buffer.from(sql, 'latin1')));
      }
    });
  }

  async #oddKeys(databases: readonly StagedDatabase[]): Promise<OddKeys> {
    const shapes = new KeyShapes();
    for (const { name } of databases) {
      const line = this.#piece(name, 'tables');
      if (line === undefined) continue;
      for await (const sql of readScript(this.#order.stored.openSchema(line))) {
        const parsed = parseCreateTable(sql);
        if (parsed !== undefined) shapes.add(Buffer.from(name).toString('latin1'), parsed);
      }
    }
    return shapes.odd();
  }

  /** Tables know nothing of each other as long as they have no foreign keys. `turn`: of those that must have them from the start. */
  async #makeTables(database: StagedDatabase, odd: OddKeys, turn?: number): Promise<void> {
    const line = this.#piece(database.name, 'tables');
    if (line === undefined) return;
    const count = this.#order.stored.tables.filter((table) => table.database === database.name).length;
    await withSessions(this.endpoint, 'staging', count, async (wires) => {
      for (const wire of wires) await this.#enterStaging(wire, database);
      // They come before the tables, for every session.
      const settings: string[] = [];
      const applied = new Map<Wire, number>();
      await spread(wires, readScript(this.#order.stored.openSchema(line)), async (wire, sql) => {
        this.#order.signal.throwIfAborted();
        if (sql.startsWith('SET ')) settings.push(sql);
        const parsed = parseCreateTable(sql);
        if (parsed === undefined) return;
        const id = idOf(Buffer.from(database.name).toString('latin1'), parsed.name);
        if (odd.children.get(id) !== turn) return;
        for (const setting of settings.slice(applied.get(wire) ?? 0))
          await wire.run(Buffer.from(setting, 'latin1'));
        applied.set(wire, settings.length);
        await this.#makeTable(wire, database, parsed, odd, id);
      });
    });
  }

  async #enterStaging(wire: Wire, database: StagedDatabase): Promise<void> {
    await wire.run(`SET SESSION ${makingSettings(this.#dialect, this.#order.stored).join(', ')}`);
    await wire.run(`USE ${quoteName(database.staging)}`);
  }

  async #makeTable(
    wire: Wire,
    database: StagedDatabase,
    parsed: CreateTable,
    odd: OddKeys,
    id: string,
  ): Promise<void> {
    const name = Buffer.from(parsed.name, 'latin1').toString('utf8');
    const line = this.#order.stored.tables.find(
      (table) => table.database === database.name && table.name === name,
    );
    const bytes = Number(line?.engine['dataBytes'] ?? 0);
    const names = new Map([...this.#staging].map(([from, to]) => [Buffer.from(from).toString('latin1'), to]));
    const folded = { ...parsed, tail: withoutPlaces(parsed.tail) };
    const keysFirst = odd.children.has(id);
    const deferKeys = bytes > deferKeysBytes && !keysFirst && !odd.parents.has(id);
    const table = stageTable(folded, names, deferKeys, this.#placeIn(database.name), keysFirst);
    const sql = Buffer.from(table.create, 'latin1');
    if (!(await this.#unlessRefused(database, table.create, () => wire.run(sql)))) return;
    if (lanesDeadlock(parsed)) this.#turns.loadAlone(database.name, name);
    if (table.restated.length > 0) {
      const sql = `ALTER TABLE ${quoteName(table.name)} ${[...table.restated, ...table.floats].join(', ')}`;
      await this.#addStep(database.name, 'defaults', sql);
    }
    if (table.keys.length + table.foreignKeys.length > 0)
      this.#loaded.wait({
        number: line?.table,
        staging: database.staging,
        table,
        bytes,
        subtracts: line?.engine['subtracts'] === true,
      });
  }

  /** False when a rehearsal was told that the server refuses it. */
  async #unlessRefused(
    database: StagedDatabase,
    sql: string,
    work: () => Promise<unknown>,
  ): Promise<boolean> {
    if (this.#refused !== undefined) return this.#refused.attempt(database.name, sql, work);
    await work();
    return true;
  }

  async #addStep(database: string, piece: string, sql: string): Promise<void> {
    const number = this.#steps;
    this.#steps += 1;
    await addStep(this.wire, this.restore, number, { database, piece, sql });
  }

  async writeLanes(): Promise<WriteLane[]> {
    return attempt('open the lanes', this.restore, async () => {
      await this.#openLanes();
      return this.#lanes.map((wire) => {
        const writer =
          this.#writers.get(wire) ??
          new MysqlWriteLane(wire, this.#dialect, this.#staging, this.#loaded, this.#turns);
        this.#writers.set(wire, writer);
        const { rehearsal } = this.#order;
        if (rehearsal === undefined || this.#refused === undefined) return writer;
        return rehearsedLane(writer, rehearsal, this.#refused);
      });
    });
  }

  async #openLanes(): Promise<void> {
    const open = async (): Promise<void> => {
      const { wire } = await openSession(
        this.endpoint,
        { name: 'lane', localFiles: true },
        {
          limitMs: restoreLimitMs,
          extra: [...laneSettings(this.#dialect), ...makingSettings(this.#dialect, this.#order.stored)],
        },
      );
      this.#lanes.push(wire);
      await allowLooseKeys(wire);
    };
    this.#lanes = this.#lanes.filter((wire) => wire.alive);
    await Promise.all(Array.from({ length: this.#order.lanes - this.#lanes.length }, open));
  }

  async finishLoad(): Promise<void> {
    await attempt('finish the load', this.restore, async () => {
      for (const writer of this.#writers.values()) await writer.commit();
      await this.#openLanes();
      await this.#loaded.finish(this.#lanes, this.#order.signal);
      const wire = await this.live();
      const steps = await readSteps(wire, this.restore);
      await withSession(this.endpoint, { name: 'staging' }, (session) =>
        tryObjects(session, this.restore, steps, this.#staging, this.#refused),
      );
      const mark = await readMark(wire, this.restore);
      if (mark === undefined) return;
      const listed: StagedDatabase[] = [];
      for (const database of mark.databases)
        listed.push({ ...database, tables: await listTables(wire, database.staging) });
      const made = steps.filter(({ number }) => this.#refused?.hasStep(number) !== true);
      const databases = await withHiddenTables(wire, this.restore, listed, made);
      await writeMark(wire, { ...mark, databases, state: 'loaded' });
    });
  }

  async invariants(queries: readonly InvariantQuery[]): Promise<{ name: string; answer: string | null }[]> {
    return withSession(this.endpoint, { name: 'invariants' }, async (wire) => {
      await wire.run('START TRANSACTION READ ONLY');
      const answers: { name: string; answer: string | null }[] = [];
      for (const query of queries) {
        answers.push({ name: query.name, answer: await askInvariant(wire, query, this.#staging) });
      }
      return answers;
    });
  }

  override async discard(): Promise<void> {
    await this.#closeLanes();
    await super.discard();
  }

  override async close(): Promise<void> {
    await this.#closeLanes();
    await super.close();
  }

  async #closeLanes(): Promise<void> {
    const lanes = this.#lanes.splice(0);
    await Promise.all(lanes.map((wire) => wire.close()));
  }

  #stagingOf(database: string): string {
    return this.#staging.get(database) ?? stagingNameOf(this.restore, 0);
  }

  #piece(database: string, name: string): SchemaLine | undefined {
    return this.#order.stored.schema.find((line) => line.database === database && line.name === name);
  }
}
