/** What a random schema is excused for: by its own surroundings alone, and by the finding that is meant for it. */
import { describe, expect, test } from 'vitest';
import { allowancesOf, mayRefuse, withoutNamed } from '../fidelity/random/allowances.ts';
import { settingAllowances as mysql } from '../fidelity/random/mysql/setting-allowances.ts';
import { settingAllowances as postgres } from '../fidelity/random/postgres/setting-allowances.ts';

const readOnly = {
  code: 'shard-refused',
  subject: '127.0.0.1:5432',
  cause: 'the server is read-only (default_transaction_read_only is on): another server may be the primary',
  remedy: 'Name the primary of this shard.',
} as const;
const drawn = { name: 'default_transaction_read_only', value: 'on' };

describe('refusals', () => {
  const { source, target } = allowancesOf(postgres, { source: [drawn], target: [] }, []);

  test('the setting that was drawn excuses its own refusal, on its own side', () => {
    expect(mayRefuse([readOnly], source)).toBe(true);
    expect(mayRefuse([readOnly], target)).toBe(false);
    expect(mayRefuse([readOnly], allowancesOf(postgres, { source: [], target: [] }, []).source)).toBe(false);
  });

  test('a setting that refuses some schemas excuses those', () => {
    const forced = { source: [], target: [{ name: 'innodb_force_primary_key', value: 'ON' }] };
    const keyless = {
      code: 'does-not-fit',
      subject: 'innodb_force_primary_key',
      cause: 'the server refuses tables without a primary key, such as random.t',
      remedy: 'SET GLOBAL innodb_force_primary_key = OFF;',
    } as const;
    const of = (sql: string): boolean => mayRefuse([keyless], allowancesOf(mysql, forced, [sql]).target);
    expect(of('CREATE TABLE `t` (\n  a int\n) ENGINE=InnoDB')).toBe(true);
    expect(of('CREATE TABLE `t` (\n  a int,\n  PRIMARY KEY (a)\n) ENGINE=InnoDB')).toBe(false);
  });

  test('nothing that is said beside it is excused by it', () => {
    const other = { ...readOnly, code: 'does-not-fit', cause: `${readOnly.cause}, and a collation` } as const;
    expect(mayRefuse([readOnly, other], source)).toBe(false);
    expect(mayRefuse([{ ...readOnly, code: 'does-not-fit' }], source)).toBe(false);
    expect(mayRefuse([{ ...readOnly, cause: `${readOnly.cause}: more` }], source)).toBe(false);
    expect(mayRefuse([{ ...readOnly, subject: `database of ${readOnly.subject}` }], source)).toBe(false);
    expect(mayRefuse([{ ...readOnly, remedy: '' }], source)).toBe(false);
    expect(mayRefuse([], source)).toBe(false);
  });
});

describe('differences', () => {
  const setting = { name: 'innodb_default_row_format', value: 'compact' };
  const { differences } = allowancesOf(mysql, { source: [], target: [setting] }, []);
  const warning = {
    code: 'does-not-fit',
    subject: 'innodb_default_row_format',
    cause: 'tables that do not say their row format are Dynamic on the source and become compact here',
  } as const;
  const table = (says: string) => ({ schema: '', subject: 'information_schema.TABLES of `t`', says });
  const silent = (format: string): string => `{"ROW_FORMAT":"${format}","CREATE_OPTIONS":""}`;
  const explicit = (format: string): string =>
    `{"ROW_FORMAT":"${format}","CREATE_OPTIONS":"row_format=COMPACT"}`;
  const same = (
    before: string,
    after: string,
    warnings: readonly (typeof warning)[] = [warning],
  ): boolean => {
    const [one, other] = [before, after].map((says) => withoutNamed([table(says)], warnings, differences));
    return JSON.stringify(one) === JSON.stringify(other);
  };

  test('a row format that nobody gave may be another, once that was said', () => {
    expect(same(silent('Dynamic'), silent('Compact'))).toBe(true);
    expect(same(silent('Dynamic'), silent('Compact'), [])).toBe(false);
    expect(same(explicit('Compact'), explicit('Dynamic'))).toBe(false);
  });

  test('all else of the same table must be as it was', () => {
    expect(same(silent('Dynamic'), silent('Compact').replace('""', '"x"'))).toBe(false);
    const views = [silent('Dynamic'), silent('Compact')].map((says) =>
      withoutNamed(
        [{ schema: '', subject: 'VIEW `innodb_default_row_format`', says }],
        [warning],
        differences,
      ),
    );
    expect(views[0]).not.toEqual(views[1]);
  });

  test('what is lost stays lost', () => {
    expect(withoutNamed([], [warning], differences)).toEqual([]);
    expect(withoutNamed([table('x')], [warning], differences)).toHaveLength(1);
  });
});
