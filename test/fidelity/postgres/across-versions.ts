/** Every object of a database in words that servers of two versions share. */
import type { TestServer } from '../../servers/server.ts';
import type { Fact } from '../fact.ts';
import { rightQueries } from './catalogue/rights.ts';
import { catalogueFacts, lastingQueries, queries } from './definitions.ts';
import { dumpFacts, newestDump } from './dump.ts';

/** Without what extensions bring along where a database has some, which is of another version there. */
export async function definitionsAcrossVersions(server: TestServer, database: string): Promise<Fact[]> {
  const [row] = await server.run(
    `SELECT count(*)::int AS n FROM pg_extension WHERE extname <> 'plpgsql'`,
    database,
  );
  const asked = row?.['n'] === 0 ? queries : lastingQueries;
  const facts = [
    ...(await dumpFacts(server, database, await newestDump())),
    ...(await catalogueFacts(server, database, [...asked, ...rightQueries])),
  ];
  // From version 18 on NOT NULL is a constraint with a name; before it is a property of its column, told there.
  return facts
    .filter(({ subject, says }) => !(subject.startsWith('constraint ') && /^kind: n$/m.test(says)))
    .map((fact) => ({ ...fact, says: sharedWords(fact) }));
}

/** A name, with quotes or without. */
const name = String.raw`(?:"(?:[^"]|"")*"|[\w$]+)`;
const namedNotNull = new RegExp(` CONSTRAINT ${name} NOT NULL`, 'g');
/** Literals are taken whole, so that nothing in them is taken for a name. */
const literalOrQualifier = new RegExp(String.raw`('(?:[^']|'')*')|(${name})(\.?)`, 'g');

/** What a server writes down from a parsed query: from version 16 on without the qualifiers that nobody needs. */
const queryText = /^(VIEW|MATERIALIZED VIEW|RULE|FUNCTION|relation|rule|function) /;

/** Whose whole text lists grants: version 17 has one right more, see `rights …` instead. */
const grantText = /^(ACL|DEFAULT ACL|default privileges) /;

/** A column of a partition or child that is its parent's: from version 17 on a partition has the identity of its parent. */
const inherited = /^local: false$/m;

function sharedWords({ subject, says }: Fact): string {
  if (grantText.test(subject)) return 'is there';
  const lines = says
    .split('\n')
    .filter(
      (line) => !line.startsWith('grants: ') && !(inherited.test(says) && line.startsWith('identity: ')),
    );
  const words = lines.join('\n').replaceAll(namedNotNull, ' NOT NULL');
  // From version 16 on a server writes a locale of ICU in its standard form.
  const shared = subject.startsWith('COLLATION ') ? words.replace(/(locale = '[^']*)-true'/, "$1'") : words;
  return queryText.test(subject) ? withoutQualifiers(shared) : shared;
}

function withoutQualifiers(text: string): string {
  return text.replaceAll(
    literalOrQualifier,
    (whole: string, literal: string | undefined, _: string, dot: string) =>
      literal === undefined && dot === '.' ? '' : whole,
  );
}
