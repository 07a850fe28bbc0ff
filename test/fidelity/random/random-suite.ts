/**
 * Random schemas through a round trip. The seed is printed, failed or not; a failure is shrunk to the smallest schema
 * that still fails, printed as SQL with what differs and how to run it again:
 *
 *   TIDEMARK_SEED=<number> [TIDEMARK_PATH=<path>] npx vitest run --project=cluster test/fidelity/random-postgres
 *
 * TIDEMARK_RANDOM_TABLES tries more than the usual number of tables; TIDEMARK_SHRINK_SECONDS shrinks longer.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestServer } from '../../servers/server.ts';
import { type Outcome, type RandomEngine, type Rendered, roundTrip } from './round-trip.ts';

export interface RandomSuite<Model> extends RandomEngine<Model> {
  readonly title: string;
  readonly start: () => Promise<TestServer>;
  /** Schemas of up to so many tables that this server can make. */
  readonly arbitrary: (server: TestServer, tables: number) => Promise<fc.Arbitrary<Model>>;
}

const tablesInSchema = 24;

function numberFrom(variable: string, fallback: number): number {
  const given = process.env[variable];
  const value = given === undefined || given === '' ? fallback : Number(given);
  if (!Number.isSafeInteger(value)) throw new Error(`${variable} is not a whole number: ${given}`);
  return value;
}

export function testRandomSchemas<Model>(suite: RandomSuite<Model>): void {
  const wanted = numberFrom('TIDEMARK_RANDOM_TABLES', 300);
  const shrinkMs = numberFrom('TIDEMARK_SHRINK_SECONDS', 240) * 1000;
  const seed = numberFrom('TIDEMARK_SEED', Math.trunc(Math.random() * 2 ** 31));
  const path = process.env['TIDEMARK_PATH'] ?? '';

  describe(`${suite.title}: random schemas`, () => {
    const servers: TestServer[] = [];
    beforeAll(async () => {
      servers.push(await suite.start(), await suite.start());
    });
    afterAll(async () => {
      for (const server of servers) await server.stop();
    });

    test(`${wanted} random tables come back as they were`, {
      timeout: wanted * 3_000 + shrinkMs,
    }, async () => {
      const pair = servers as [TestServer, TestServer];
      const runs = new Runs(suite, pair, wanted, shrinkMs);
      const arbitrary = await suite.arbitrary(pair[0], tablesInSchema);
      const result = await fc.check(
        fc.asyncProperty(arbitrary, (model) => runs.run(model)),
        { seed, path, numRuns: wanted, ...(path === '' ? {} : { numRuns: 1 }) },
      );
      console.log(
        `${suite.title}: ${runs.tables} random tables with ${runs.rows} rows in ${runs.schemas} schemas, ${runs.refused} of them refused by name, TIDEMARK_SEED=${seed}`,
      );
      if (result.failed) throw failureOf(suite, result, runs);
      if (path === '') expect(runs.tables).toBeGreaterThanOrEqual(wanted);
    });
  });
}

/** Counts what was tried; once enough was, or a failure was shrunk for long enough, the rest passes untried. */
class Runs<Model> {
  readonly #suite: RandomSuite<Model>;
  readonly #servers: readonly [TestServer, TestServer];
  readonly #wanted: number;
  readonly #shrinkMs: number;
  tables = 0;
  rows = 0;
  schemas = 0;
  /** Of schemas: refused by name in their surroundings. */
  refused = 0;
  /** After the first failure. */
  shrinks = 0;
  #failedAt: number | undefined;

  constructor(
    suite: RandomSuite<Model>,
    servers: readonly [TestServer, TestServer],
    wanted: number,
    shrinkMs: number,
  ) {
    this.#suite = suite;
    this.#servers = servers;
    this.#wanted = wanted;
    this.#shrinkMs = shrinkMs;
  }

  async run(model: Model): Promise<void> {
    if (this.#failedAt === undefined) {
      if (this.tables >= this.#wanted) return;
    } else {
      if (Date.now() - this.#failedAt > this.#shrinkMs) return;
      this.shrinks += 1;
    }
    const rendered = this.#suite.render(model);
    try {
      const outcome = await roundTrip(this.#suite, this.#servers, rendered);
      if (this.#failedAt === undefined) this.#count(rendered, outcome);
    } catch (error) {
      this.#failedAt ??= Date.now();
      throw error;
    }
  }

  /** What was refused counts for nothing that came back. */
  #count(rendered: Rendered, outcome: Outcome): void {
    this.schemas += 1;
    if (outcome === 'refused') {
      this.refused += 1;
      return;
    }
    this.tables += rendered.tables;
    this.rows += rendered.rows;
  }
}

function surroundingsText({ surroundings, createDatabase }: Rendered): string[] {
  return [
    ...surroundings.source.map(({ apply }) => `-- around the source: ${apply}`),
    ...surroundings.target.map(({ apply }) => `-- around the target: ${apply}`),
    `${createDatabase};`,
  ];
}

function failureOf<Model>(
  suite: RandomSuite<Model>,
  result: fc.RunDetails<[Model]>,
  runs: Runs<Model>,
): Error {
  const model = result.counterexample?.[0];
  const rendered = model === undefined ? undefined : suite.render(model);
  const text = [
    `${suite.title}: a schema did not come back (shrunk ${result.numShrinks} times in ${runs.shrinks} trials to ` +
      `${rendered?.tables} tables, ${rendered?.rows} rows; chunks of ${rendered?.chunkBytes} bytes, ${rendered?.lanes} lanes):`,
    ...(rendered === undefined ? [] : surroundingsText(rendered)),
    ...(rendered?.statements.map((sql) => `${sql};`) ?? []),
    '',
    String(result.errorInstance),
    '',
    `again: TIDEMARK_SEED=${result.seed} TIDEMARK_PATH=${result.counterexamplePath}`,
    `the whole run: TIDEMARK_SEED=${result.seed}`,
  ].join('\n');
  const error = new Error(text);
  // Where the check stands says nothing.
  error.stack = text;
  return error;
}
