import { describe, expect, test } from 'vitest';
import { ServerError } from '../../../../../../shard-agent/engines/mysql/connection/failure.ts';
import type { Wire } from '../../../../../../shard-agent/engines/mysql/connection/wire.ts';
import { LoadedTables } from '../../../../../../shard-agent/engines/mysql/restore/loaded-tables.ts';
import type { StagedTable } from '../../../../../../shard-agent/engines/mysql/schema/create-table.ts';

const never = new AbortController().signal;

/** Sessions that note what they are asked, by session. */
function sessions(count: number): { wires: Wire[]; asked: string[] } {
  const asked: string[] = [];
  const wires = Array.from({ length: count }, (_, number) => {
    const run = (sql: Buffer): Promise<void> => {
      asked.push(`${number}: ${sql.toString('latin1')}`);
      return Promise.resolve();
    };
    return { run } as unknown as Wire;
  });
  return { wires, asked };
}

/** A session that refuses what has these words. */
function refusing(...words: readonly string[]): { wire: Wire; asked: string[] } {
  const asked: string[] = [];
  const run = (sql: Buffer): Promise<void> => {
    const text = sql.toString('latin1').replace(/^.*?`s`\./, '');
    asked.push(text);
    const refused = words.some((word) => text.includes(word));
    return refused ? Promise.reject(new ServerError(1005, 'HY000', 'refused')) : Promise.resolve();
  };
  return { wire: { run } as unknown as Wire, asked };
}

function staged(name: string, more: Partial<StagedTable> = {}): StagedTable {
  const keys = [['ADD KEY `k` (`a`)']];
  return { name, create: '', keys, foreignKeys: [], floats: [], restated: [], ...more };
}

describe('indexes that follow the data', () => {
  test('are built by the session that commits the last rows, once', async () => {
    const { wires, asked } = sessions(2);
    const tables = new LoadedTables(new Map([[7, 5]]));
    tables.wait({ number: 7, staging: 's', table: staged('t'), bytes: 1, subtracts: false });
    await tables.committed(wires[0]!, 7, 3);
    expect(asked).toEqual([]);
    await tables.committed(wires[1]!, 7, 2);
    await tables.finish(wires, never);
    expect(asked).toEqual(['1: ALTER TABLE `s`.`t` ADD KEY `k` (`a`)']);
  });

  test('of tables without rows, or that the set does not list, are built at the end, the largest first', async () => {
    const { wires, asked } = sessions(1);
    const tables = new LoadedTables(new Map());
    tables.wait({ number: undefined, staging: 's', table: staged('unlisted'), bytes: 1, subtracts: false });
    tables.wait({ number: undefined, staging: 's', table: staged('other'), bytes: 0, subtracts: false });
    tables.wait({ number: 1, staging: 's', table: staged('empty'), bytes: 2, subtracts: false });
    await tables.finish(wires, never);
    expect(asked.map((sql) => /`s`\.`(\w+)`/.exec(sql)?.[1])).toEqual(['empty', 'unlisted', 'other']);
  });

  test('come before foreign keys, and those before what an ALTER TABLE rounds', async () => {
    const { wires, asked } = sessions(1);
    const tables = new LoadedTables(new Map([[0, 1]]));
    const more = { foreignKeys: ['ADD FOREIGN KEY (`a`)'], floats: ['ALTER COLUMN `f`'] };
    tables.wait({ number: 0, staging: 's', table: staged('child', more), bytes: 1, subtracts: false });
    tables.wait({ number: 1, staging: 's', table: staged('parent'), bytes: 1, subtracts: false });
    await tables.committed(wires[0]!, 0, 1);
    await tables.finish(wires, never);
    expect(asked.map((sql) => sql.replace(/^.*?`s`\./, ''))).toEqual([
      '`child` ADD KEY `k` (`a`)',
      '`parent` ADD KEY `k` (`a`)',
      '`child` ADD FOREIGN KEY (`a`)',
      '`child` ALTER COLUMN `f`',
    ]);
  });
});

describe('indexes and foreign keys that the server refuses', () => {
  const more = {
    keys: [['ADD KEY `good` (`a`)', 'ADD KEY `bad` (`b`)']],
    foreignKeys: ['ADD FOREIGN KEY (`good`)', 'ADD FOREIGN KEY (`bad`)', 'ADD FOREIGN KEY (`bad`, `too`)'],
  };
  const waiting = { number: 1, staging: 's', table: staged('t', more), bytes: 1, subtracts: false };

  test('end a restore at the first', async () => {
    const { wire } = refusing('bad');
    const tables = new LoadedTables(new Map());
    tables.wait(waiting);
    await expect(tables.finish([wire], never)).rejects.toMatchObject({ code: 'database-failed' });
  });

  test('are each told in a rehearsal, and the others are made', async () => {
    const { wire, asked } = refusing('bad');
    const refused: string[] = [];
    const tables = new LoadedTables(new Map(), (_, clause) => void refused.push(clause));
    tables.wait(waiting);
    await tables.finish([wire], never);
    expect(refused).toEqual([
      'ADD KEY `bad` (`b`)',
      'ADD FOREIGN KEY (`bad`)',
      'ADD FOREIGN KEY (`bad`, `too`)',
    ]);
    expect(asked.filter((sql) => !sql.includes('bad'))).toEqual([
      '`t` ADD KEY `good` (`a`)',
      '`t` ADD FOREIGN KEY (`good`)',
    ]);
  });
});
