/** Every object of a database in words that servers of two versions share. */
import type { TestServer } from '../../servers/server.ts';
import type { Comparer, Fact } from '../fact.ts';
import { definitionsOf } from './definitions.ts';
import { valuesOf } from './values.ts';

export const compareAcrossVersions: Comparer = async (server, database) => [
  ...(await definitionsAcrossVersions(server, database)),
  ...(await valuesOf(server, database)),
];

async function definitionsAcrossVersions(server: TestServer, database: string): Promise<Fact[]> {
  const views = new Set(
    (
      await server.run(
        `SELECT TABLE_NAME AS n FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '${database.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
      )
    ).map((row) => `information_schema.COLUMNS of \`${String(row['n']).replaceAll('`', '``')}\``),
  );
  return (await definitionsOf(server, database))
    .filter(({ subject }) => !newerTables.test(subject))
    .map((fact) => ({
      ...fact,
      says: views.has(fact.subject) ? withoutComputedTypes(fact.says) : sharedWords(fact),
    }));
}

/** Which MariaDB has from version 11 on only; SHOW CREATE TABLE tells the periods of a table on all. */
const newerTables = /^information_schema\.(?:PERIODS|KEY_PERIOD_USAGE) /;

/** A literal, or a word outside of any. */
const literalOrInvisible = /('(?:[^'\\]|''|\\[^])*'|`(?:[^`]|``)*`)| INVISIBLE\b/g;

function sharedWords({ subject, says }: Fact): string {
  if (subject.startsWith('information_schema.')) {
    return (
      says
        // Older servers show a tab in a literal as it is, newer ones by its escape; these are lines of JSON.
        .replaceAll(/\\\\(\\\\|t)/g, (escape, letter: string) => (letter === 't' ? '\\t' : escape))
        // Asked for on newer servers only; SHOW CREATE TABLE names the period's columns on all.
        .replaceAll(/,?"IS_SYSTEM_TIME_PERIOD_(?:START|END)":"YES"/g, '')
    );
  }
  if (!subject.startsWith('TABLE ')) return says;
  return says
    .replaceAll(/\\(\\|t)/g, (escape, letter: string) => (letter === 't' ? '\t' : escape))
    .split('\n')
    .map(invisibleLast)
    .join('\n');
}

/** Older servers say INVISIBLE before a column's default, newer ones after it. */
function invisibleLast(line: string): string {
  let invisible = false;
  const rest = line.replaceAll(literalOrInvisible, (whole, literal: string | undefined) => {
    if (literal !== undefined) return whole;
    invisible = true;
    return '';
  });
  return invisible ? `${rest} INVISIBLE` : line;
}

/** The types of a view's columns are what a server's own functions return in its version. */
function withoutComputedTypes(says: string): string {
  const computed =
    /,?"(?:DATA_TYPE|COLUMN_TYPE|NUMERIC_PRECISION|NUMERIC_SCALE|DATETIME_PRECISION|COLUMN_DEFAULT)":"(?:[^"\\]|\\.)*"/g;
  return says.replaceAll(computed, '');
}
