import { expect, test } from 'vitest';
import { parseCreateTable } from '../../../../../../shard-agent/engines/mysql/schema/create-table.ts';
import {
  lanesDeadlock,
  TableTurns,
} from '../../../../../../shard-agent/engines/mysql/restore/table-turns.ts';

/** A load that ends when it is told to. */
function load(log: string[], name: string): { run: () => Promise<void>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  const run = async (): Promise<void> => {
    log.push(name);
    await ended;
  };
  return { run, end };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('loads of a table are side by side', async () => {
  const [log, turns] = [[] as string[], new TableTurns()];
  turns.loadAlone('d', 'another');
  const loads = ['a', 'b'].map((name) => load(log, name));
  const runs = loads.map(({ run }) => turns.run('d', 't', run));
  await settled();
  expect(log).toEqual(['a', 'b']);
  for (const { end } of loads) end();
  await Promise.all(runs);
});

test('a table that is loaded alone takes one at a time, also after one that failed', async () => {
  const [log, turns] = [[] as string[], new TableTurns()];
  turns.loadAlone('d', 't');
  const loads = ['a', 'b', 'c'].map((name) => load(log, name));
  const runs = loads.map(({ run }) => turns.run('d', 't', run));
  const settledRuns = Promise.allSettled(runs);
  for (const [index, { end }] of loads.entries()) {
    await settled();
    expect(log.length).toBe(index + 1);
    end(index === 0 ? new Error('it failed') : undefined);
  }
  const outcomes = await settledRuns;
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});

test.each([
  ['CREATE TABLE `t` (\n  `k` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`k`)\n) ENGINE=InnoDB', false],
  [
    'CREATE TABLE `t` (\n  `k` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`k`)\n) ENGINE=InnoDB\n PARTITION BY KEY (`k`)\nPARTITIONS 3',
    true,
  ],
  [
    'CREATE TABLE `t` (\n  `k` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`k`)\n) ENGINE=InnoDB\n/*!50100 PARTITION BY KEY (k)\nPARTITIONS 3 */',
    true,
  ],
  [
    "CREATE TABLE `t` (\n  `k AUTO_INCREMENT ` int NOT NULL,\n  PRIMARY KEY (`k`)\n) ENGINE=InnoDB COMMENT='a'\n PARTITION BY KEY (`k`)\nPARTITIONS 3",
    false,
  ],
  [
    "CREATE TABLE `t` (\n  `k` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`k`)\n) ENGINE=InnoDB COMMENT=' PARTITION BY '",
    false,
  ],
  ['CREATE TABLE `t` (\n  `c` text,\n  UNIQUE KEY `u` (`c`) USING HASH\n) ENGINE=InnoDB', true],
])('lanes lock each other out of what they count or read: %s', (sql, expected) => {
  const table = parseCreateTable(sql);
  expect(table && lanesDeadlock(table)).toBe(expected);
});
