/** Tables outside the data folder, on the newest MySQL: a server must be told of such a folder before it starts. */
import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openServer } from '../conformance/mysql-fixture.ts';
import { startNewestMysql } from '../servers/newest.ts';
import { newFolder } from '../servers/run-folder.ts';

test('a table or a partition in a folder of its own is named with its file, one in the data folder is not', async () => {
  const folder = newFolder('elsewhere');
  chmodSync(folder, 0o777);
  const server = await startNewestMysql({ settings: { 'innodb-directories': folder } });
  try {
    await server.run(
      `CREATE DATABASE places; CREATE TABLE places.plain (a int); CREATE TABLE places.own (a int) DATA DIRECTORY = '${folder}'; ` +
        `CREATE TABLE places.parts (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (5) DATA DIRECTORY = '${folder}', PARTITION p1 VALUES LESS THAN (9))`,
    );
    const findings = await openServer(server, ['places']).check();
    const placed = findings.filter(({ subject }) => subject.startsWith('places.'));
    expect(placed.map(({ subject, cause }) => [subject, cause.replace(/:.*/, '')])).toEqual([
      ['places.own', `it stands in the file ${folder}/places/own.ibd`],
      ['places.parts', `it stands in the file ${folder}/places/parts#p#p0.ibd`],
    ]);
  } finally {
    await server.stop();
  }
});
