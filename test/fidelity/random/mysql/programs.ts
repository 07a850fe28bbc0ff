/**
 * Views and stored programs in addition to the tables' own: made under any mode and client character set, to run as accounts that are gone,
 * may do little, or are roles.
 */
import fc from 'fast-check';

export interface ProgramModel {
  readonly kind: (typeof kinds)[number];
  readonly definer: (typeof definers)[number];
  readonly mode: string;
  readonly client: string;
  /** Of a view or routine: runs as whoever uses it. */
  readonly invoker: boolean;
}

const kinds = ['procedure', 'function', 'event', 'view', 'trigger'] as const;
const definers = ['maker', 'gone', 'powerless', 'role'] as const;
const modes = [
  'STRICT_ALL_TABLES',
  '',
  'ANSI',
  'NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT',
  'TRADITIONAL',
  'HIGH_NOT_PRECEDENCE',
  'NO_UNSIGNED_SUBTRACTION,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH',
];
const clients = ['utf8mb4', 'latin1', 'cp1250', 'gbk'];

export const programsArbitrary: fc.Arbitrary<ProgramModel[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    definer: fc.constantFrom(...definers),
    mode: fc.constantFrom(...modes),
    client: fc.constantFrom(...clients),
    invoker: fc.boolean(),
  }),
  { maxLength: 5 },
);

/** A role that objects run as is there on both servers. */
export const keeper = 'CREATE ROLE IF NOT EXISTS keeper';

/** In the session that made the tables, which it leaves with another mode and character set. */
export function programStatements(programs: readonly ProgramModel[], family: string): string[] {
  if (programs.length === 0) return [];
  return [
    `CREATE USER IF NOT EXISTS 'gone'@'%', 'powerless'@'%'`,
    'CREATE TABLE program_log (id int PRIMARY KEY, told varchar(40)) ENGINE=InnoDB',
    ...programs.flatMap((program, at) => [
      `SET NAMES ${program.client}, sql_mode = '${program.mode}'`,
      programStatement(program, `program_${at}`, family),
    ]),
    'SET NAMES utf8mb4',
    `DROP USER 'gone'@'%'`,
  ];
}

function programStatement({ kind, definer, invoker }: ProgramModel, name: string, family: string): string {
  const accounts = {
    maker: '',
    gone: `DEFINER = 'gone'@'%' `,
    powerless: `DEFINER = 'powerless'@'%' `,
    // A role of MySQL is an account that has a host.
    role: `DEFINER = ${family === 'mysql' ? "'keeper'@'%'" : 'keeper'} `,
  };
  const by = accounts[definer];
  const security = `SQL SECURITY ${invoker ? 'INVOKER' : 'DEFINER'}`;
  // Bytes that mean something else in each character set.
  const said = `'é ß''s "end" \\\\'`;
  switch (kind) {
    case 'procedure':
      return `CREATE ${by}PROCEDURE ${name}(IN told varchar(20)) COMMENT 'plain' ${security} BEGIN SELECT ${said} || told; END`;
    case 'function':
      return `CREATE ${by}FUNCTION ${name}(told int) RETURNS varchar(40) DETERMINISTIC ${security} RETURN ${said}`;
    case 'event':
      return `CREATE ${by}EVENT ${name} ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO SELECT ${said}`;
    case 'view':
      return `CREATE ${by}${security} VIEW ${name} AS SELECT id, ${said} AS said FROM program_log`;
    case 'trigger':
      return `CREATE ${by}TRIGGER ${name} BEFORE INSERT ON program_log FOR EACH ROW SET NEW.told = ${said}`;
  }
}
