/** Stored programs beside the tables: made under any mode and client character set, by accounts that are gone or may do little. */
import fc from 'fast-check';

export interface ProgramModel {
  readonly kind: 'procedure' | 'function' | 'event';
  readonly definer: (typeof definers)[number];
  readonly mode: string;
  readonly client: string;
}

const definers = ['maker', 'gone', 'powerless'] as const;
const modes = [
  'STRICT_ALL_TABLES',
  '',
  'ANSI',
  'NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT',
  'HIGH_NOT_PRECEDENCE',
];
const clients = ['utf8mb4', 'latin1', 'cp1250', 'gbk'];

export const programsArbitrary: fc.Arbitrary<ProgramModel[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('procedure' as const, 'function', 'event'),
    definer: fc.constantFrom(...definers),
    mode: fc.constantFrom(...modes),
    client: fc.constantFrom(...clients),
  }),
  { maxLength: 3 },
);

/** In the session that made the tables, which it leaves with another mode and character set. */
export function programStatements(programs: readonly ProgramModel[]): string[] {
  if (programs.length === 0) return [];
  return [
    `CREATE USER IF NOT EXISTS 'gone'@'%', 'powerless'@'%'`,
    ...programs.flatMap((program, at) => [
      `SET NAMES ${program.client}, sql_mode = '${program.mode}'`,
      programStatement(program, `program_${at}`),
    ]),
    'SET NAMES utf8mb4',
    `DROP USER 'gone'@'%'`,
  ];
}

function programStatement({ kind, definer }: ProgramModel, name: string): string {
  const by = definer === 'maker' ? '' : `DEFINER = '${definer}'@'%' `;
  // Bytes that mean something else in each character set.
  const said = `'é ß''s "end" \\\\'`;
  switch (kind) {
    case 'procedure':
      return `CREATE ${by}PROCEDURE ${name}(IN told varchar(20)) COMMENT 'plain' BEGIN SELECT ${said} || told; END`;
    case 'function':
      return `CREATE ${by}FUNCTION ${name}(told int) RETURNS varchar(40) DETERMINISTIC SQL SECURITY INVOKER RETURN ${said}`;
    case 'event':
      return `CREATE ${by}EVENT ${name} ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO SELECT ${said}`;
  }
}
