/** A restore of this server: staging databases, loaded and finished there, then renamed. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ChunkLine, DatabaseLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { Finding, RestoreOrder, RestoreSession, SettlingSession, WriteLane } from '../../../engine.ts';
import type { InvariantQuery } from '../../../../topology/agent-file.ts';
import { analyse } from './analyse.ts';
import { AfterData } from './after-data.ts';
import { loadLargeObjects, type Archive } from './archive.ts';
import { loadBeforeData, type BeforeData } from './before-data.ts';
import { during, quoteName, Session, type PostgresConfig } from '../connection/connection.ts';
import { durableCommits } from './durable-commits.ts';
import { evaluationSettings, takenSettings, type EvaluationSetting } from './evaluation.ts';
import { RehearsedArchive } from './rehearsed-archive.ts';
import { requireEmpty } from './emptiness.ts';
import { answerInvariant } from '../invariant.ts';
import { createStatement, type DatabaseProperties, propertyStatements } from '../database/properties.ts';
import { setInside } from './inside-settings.ts';
import { archivePiece, largeObjectsPiece } from '../backup/schema.ts';
import { makeRoles, planRoles } from '../globals/roles.ts';
import { openMaintenance } from '../server.ts';
import { RefusedChunks } from './refused-chunks.ts';
import { spoolFolders } from './spool-folder.ts';
import { quietConfig } from './quiet-extensions.ts';
import { storedStatistics } from './statistics.ts';
import { markStatement, stagingName, type StagingMark } from './staging-mark.ts';
import { Staging } from './staging.ts';
import { requireShapes } from './stored-manifest.ts';
import { findTool, ToolRuns, type Tool } from '../connection/tools.ts';
import { propertiesOf } from '../database/stored-properties.ts';
import { missingTablespaces } from '../database/tablespaces.ts';
import { PostgresWriteLane } from './write-lane.ts';

/** Connects to find the tools; makes nothing. Throws `bad-bytes` for a manifest that no backup has written so. */
export async function prepareRestore(config: PostgresConfig, order: RestoreOrder): Promise<RestoreSession> {
  requireShapes(order.stored);
  const needed = Math.max(0, ...order.stored.databases.map((line) => propertiesOf(line).dumpMajor));
  const tool = await findTool('pg_restore', config.tools.pgRestore, needed);
  return new PostgresRestore(await quietConfig(config), order, tool);
}

/** What undoing or rolling forward needs, for a restore that another process began. */
export function reopenRestore(config: PostgresConfig, restore: string): SettlingSession {
  const staging = new Staging(config, restore);
  return {
    switch: () => staging.switch(),
    open: () => staging.open(),
    discard: () => staging.discard(),
    finish: () => staging.finish().then(() => []),
    close: () => Promise.resolve(),
  };
}

class PostgresRestore implements RestoreSession {
  readonly #config: PostgresConfig;
  readonly #order: RestoreOrder;
  readonly #tool: Tool;
  readonly #runs: ToolRuns;
  readonly #staging: Staging;
  #lanes: PostgresWriteLane[] = [];
  /** By database, in a rehearsal. */
  readonly #rehearsed = new Map<string, RehearsedArchive>();
  /** By database. */
  readonly #beforeData = new Map<string, BeforeData>();
  readonly #afterData = new Map<string, AfterData>();
  /** By database, from when there are lanes. */
  readonly #evaluation = new Map<string, readonly EvaluationSetting[]>();
  readonly #refused = new RefusedChunks();
  #rowsLeft = 0;
  #folder: string | undefined;
  #warnings: Finding[] = [];
  #closing: Promise<void> | undefined;

  constructor(config: PostgresConfig, order: RestoreOrder, tool: Tool) {
    this.#config = config;
    this.#order = order;
    this.#tool = tool;
    this.#runs = new ToolRuns(config);
    this.#staging = new Staging(config, order.restore);
  }

  get warnings(): readonly Finding[] {
    return this.#warnings;
  }

  async stage(): Promise<void> {
    const { databases } = this.#order.stored;
    const names = databases.map((line) => line.name);
    await this.#onServer('look at the target', names.join(', '), (session) =>
      requireEmpty(session, this.#config, names),
    );
    this.#folder = await spoolFolders.make();
    for (const [number, line] of databases.entries()) {
      if (this.#order.signal.aborted) {
        throw new TidemarkError({
          code: 'interrupted',
          operation: 'stage a database',
          subject: `database ${line.name}`,
          cause: 'the operation was ended',
        });
      }
      const archive = await this.#spool(line, number);
      await this.#create(line, number);
      // The staging stands first: whoever comes after us finds the restore by it. Owners must be there before objects.
      if (number === 0 && this.#order.globals) await this.#makeRoles(line);
      const undo = await loadBeforeData(this.#archiveOf(line, archive), this.#order.lanes);
      this.#beforeData.set(line.name, undo);
    }
  }

  /** The archive as a file: pg_restore seeks in it, and nothing of it is applied before all of it is checked. */
  async #spool(line: DatabaseLine, number: number): Promise<string> {
    const piece = this.#order.stored.schema.find(
      (candidate) => candidate.database === line.name && candidate.name === archivePiece,
    );
    if (piece === undefined) {
      throw new TidemarkError({
        code: 'bad-bytes',
        operation: 'stage a database',
        subject: `database ${line.name}`,
        cause: 'the set holds no schema for it',
      });
    }
    const file = this.#archive(number);
    await pipeline(this.#order.stored.openSchema(piece), createWriteStream(file, { mode: 0o600 }));
    return file;
  }

  #archive(number: number): string {
    return path.join(this.#folder ?? '', `${number}.dump`);
  }

  async #create(line: DatabaseLine, number: number): Promise<void> {
    const name = stagingName(this.#order.restore, number);
    await this.#onServer('create a staging database', name, async (session) => {
      const properties = propertiesOf(line);
      const missing = await missingTablespaces(session, properties);
      const tablespace = missing.includes(properties.tablespace) ? 'pg_default' : properties.tablespace;
      await session.script(createStatement(name, { ...properties, tablespace }, session.majorVersion));
      await session.script(markStatement(name, this.#mark(line, number, false)));
      await session.script(`REVOKE CONNECT ON DATABASE ${quoteName(name)} FROM PUBLIC`);
    });
  }

  async #makeRoles(line: DatabaseLine): Promise<void> {
    await this.#onServer('make the roles of the set', line.name, async (session) => {
      await makeRoles(session, await planRoles(session, this.#order.stored), this.#order);
    });
  }

  #mark(line: DatabaseLine, number: number, loaded: boolean): StagingMark {
    const { comment, commentInside } = propertiesOf(line);
    return {
      tidemark: 1,
      role: 'staged',
      restore: this.#order.restore,
      cluster: this.#order.cluster,
      number,
      database: line.name,
      comment,
      ...(commentInside === true ? { commentInside } : {}),
      loaded,
    };
  }

  #stagingOf(database: string): string {
    const number = this.#order.stored.databases.findIndex((line) => line.name === database);
    return stagingName(this.#order.restore, number);
  }

  #undoOf(database: string): BeforeData {
    const undo = this.#beforeData.get(database);
    if (undo === undefined) throw new Error(`database ${database} is not staged`);
    return undo;
  }

  #propertiesOf(database: string): Pick<DatabaseProperties, 'settings'> {
    const line = this.#order.stored.databases.find(({ name }) => name === database);
    return line === undefined ? { settings: [] } : propertiesOf(line);
  }

  #evaluationOf(database: string): readonly EvaluationSetting[] {
    return this.#evaluation.get(database) ?? [];
  }

  async #readEvaluation(database: string): Promise<readonly EvaluationSetting[]> {
    const wanted = evaluationSettings(this.#propertiesOf(database));
    if (wanted.length === 0) return [];
    const staging = this.#stagingOf(database);
    const session = await Session.open(this.#config, staging, 'restore');
    try {
      return await during('try the settings', `database ${staging}`, () => takenSettings(session, wanted));
    } finally {
      await session.close();
    }
  }

  #archiveOf(line: DatabaseLine, file: string): Archive {
    return {
      config: this.#config,
      runs: this.#runs,
      tool: this.#tool,
      signal: this.#order.signal,
      database: line.name,
      staging: this.#stagingOf(line.name),
      properties: propertiesOf(line),
      file,
      ...this.#rehearsalOf(line.name),
    };
  }

  #rehearsalOf(database: string): Pick<Archive, 'rehearsed'> {
    const { rehearsal } = this.#order;
    if (rehearsal === undefined) return {};
    const rehearsed = this.#rehearsed.get(database) ?? new RehearsedArchive(rehearsal, database);
    this.#rehearsed.set(database, rehearsed);
    return { rehearsed };
  }

  async writeLanes(): Promise<WriteLane[]> {
    const { databases, rows } = this.#order.stored;
    const memory = await this.#indexMemory();
    for (const [number, line] of databases.entries()) {
      this.#evaluation.set(line.name, await this.#readEvaluation(line.name));
      const settings = this.#evaluationOf(line.name).map(({ name, value }) => `${name}=${value}`);
      const archive = this.#archiveOf(line, this.#archive(number));
      const undo = this.#undoOf(line.name);
      this.#afterData.set(
        line.name,
        new AfterData(archive, { expected: rows, settings: [memory, ...settings], undo }),
      );
    }
    for (const count of rows.values()) this.#rowsLeft += count;
    this.#lanes = Array.from(
      { length: Math.max(1, this.#order.lanes) },
      () =>
        new PostgresWriteLane(this.#config, {
          stagingOf: (database) => this.#stagingOf(database),
          propertiesOf: (database) => this.#propertiesOf(database),
          evaluationOf: (database) => this.#evaluationOf(database),
          refused: this.#refused,
          openChunk: (table, chunk) => this.#order.stored.openChunk(table, chunk),
          committed: (table, chunk, signal) => this.#committed(table, chunk, signal),
        }),
    );
    return this.#lanes;
  }

  /** Between two chunks of a lane. When no rows are left, indexes are built side by side by `finishLoad`. */
  async #committed(table: TableLine, chunk: ChunkLine, signal: AbortSignal): Promise<void> {
    this.#rowsLeft -= chunk.rows;
    await this.#afterData.get(table.database)?.committed(table, chunk);
    for (const afterData of this.#afterData.values())
      if (this.#rowsLeft > 0 && (await afterData.buildNext(signal))) return;
  }

  async finishLoad(): Promise<void> {
    const { lanes, signal } = this.#order;
    await this.#refused.loadRest(this.#lanes, signal);
    for (const [number, line] of this.#order.stored.databases.entries()) {
      const objects = this.#order.stored.schema.find(
        (piece) => piece.database === line.name && piece.name === largeObjectsPiece,
      );
      if (objects !== undefined && this.#order.rehearsal === undefined) {
        await loadLargeObjects(
          this.#archiveOf(line, this.#archive(number)),
          this.#order.stored.openSchema(objects),
        );
      }
      const rehearsed = this.#rehearsed.get(line.name);
      const found = await this.#afterData.get(line.name)?.finish(lanes, {
        wait: () => this.#refused.waitIn(line.name),
        load: () => this.#refused.loadRest(this.#lanes, signal),
        requireNone: () =>
          this.#refused.requireNone(line.name, rehearsed && ((...one) => rehearsed.tellRows(...one))),
      });
      for (const warning of found ?? []) this.#order.rehearsal?.refused(warning);
      this.#warnings.push(...(found ?? []));
      // Nobody plans a query in a rehearsal.
      if (rehearsed === undefined) {
        await analyse({
          config: this.#config,
          connectTo: this.#stagingOf(line.name),
          lanes,
          evaluation: this.#evaluationOf(line.name),
          properties: propertiesOf(line),
          statistics: storedStatistics(this.#order.stored, line.name),
        });
      }
      await this.#complete(line, number);
      await this.#rehearsed.get(line.name)?.tryToConnect(this.#config, this.#stagingOf(line.name));
    }
  }

  /** For building indexes: the server's own setting, or 128 MiB where that is less. */
  async #indexMemory(): Promise<string> {
    let kibibytes = '';
    await this.#onServer('read a setting', 'maintenance_work_mem', async (session) => {
      const row = await session.row(
        `SELECT GREATEST(setting::int8, 131072) AS kib FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'`,
      );
      kibibytes = row['kib'] ?? '131072';
    });
    return `maintenance_work_mem=${kibibytes}kB`;
  }

  /**
   * Owner, grants, settings, and the mark that it may be switched to, in one transaction that is durable whatever the server's own
   * setting, and with it all that was committed before.
   */
  async #complete(line: DatabaseLine, number: number): Promise<void> {
    const properties = propertiesOf(line);
    const staging = stagingName(this.#order.restore, number);
    await setInside(this.#config, staging, properties);
    await this.#onServer('complete a database', line.name, async (session) => {
      await session.script(
        [
          durableCommits,
          'BEGIN',
          ...propertyStatements(staging, properties),
          markStatement(staging, this.#mark(line, number, true)),
          'COMMIT',
        ].join('; '),
      );
    });
  }

  async invariants(queries: readonly InvariantQuery[]): Promise<{ name: string; answer: string | null }[]> {
    const answers: { name: string; answer: string | null }[] = [];
    for (const query of queries) {
      const place = { connectTo: this.#stagingOf(query.database), begin: ['BEGIN READ ONLY'] };
      answers.push({ name: query.name, answer: await answerInvariant(this.#config, query, place) });
    }
    return answers;
  }

  async closeTarget(): Promise<void> {
    await this.#closeLanes();
    await this.#staging.closeTarget();
  }

  async switch(): Promise<void> {
    await this.#closeLanes();
    await this.#staging.switch();
  }

  async open(): Promise<void> {
    await this.#staging.open();
  }

  async discard(): Promise<void> {
    await this.#closeLanes();
    await this.#runs.close();
    await this.#staging.discard();
  }

  async finish(): Promise<readonly Finding[]> {
    await this.#staging.finish();
    return [];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#closeLanes();
    await this.#runs.close();
    // What cannot be removed now goes when the next agent starts.
    if (this.#folder !== undefined) await spoolFolders.remove(this.#folder).catch(() => undefined);
  }

  async #closeLanes(): Promise<void> {
    await Promise.all(this.#lanes.splice(0).map((lane) => lane.close()));
  }

  async #onServer(
    operation: string,
    subject: string,
    action: (session: Session) => Promise<void>,
  ): Promise<void> {
    const session = await openMaintenance(
      this.#config,
      'restore',
      this.#order.stored.databases.map((line) => line.name),
    );
    try {
      await during(operation, `database ${subject}`, async () => {
        await session.script('SET default_transaction_read_only = off');
        await action(session);
      });
    } finally {
      await session.close();
    }
  }
}
