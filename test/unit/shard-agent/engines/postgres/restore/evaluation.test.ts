import { expect, test } from 'vitest';
import { evaluationSettings } from '../../../../../../shard-agent/engines/postgres/restore/evaluation.ts';

test('expressions are evaluated under the settings of the database that change no meaning of what is loaded', () => {
  const settings = [
    { role: null, name: 'TimeZone', value: 'America/St_Johns' },
    { role: 'app', name: 'TimeZone', value: 'Asia/Tokyo' },
    { role: null, name: 'lc_monetary', value: 'de_DE.UTF-8' },
    { role: null, name: 'IntervalStyle', value: 'sql_standard' },
    { role: null, name: 'default_transaction_read_only', value: 'on' },
  ];
  expect(evaluationSettings({ settings })).toEqual([
    { name: 'TimeZone', value: 'America/St_Johns' },
    { name: 'IntervalStyle', value: 'sql_standard' },
  ]);
});

test("an application's own settings are among them, those of a role apart, and none whose bytes are in another encoding", () => {
  const settings = [
    { role: null, name: 'app.tenant', value: 'a' },
    { role: null, name: 'intervalstyle', value: 'iso_8601' },
    { role: null, name: 'app.greeting', value: 'gr\u00fc\u00dfe', inside: true },
    { role: 'owner', name: 'DateStyle', value: 'SQL, DMY' },
    { role: 'owner', name: 'work_mem', value: '64kB' },
  ];
  expect(evaluationSettings({ settings }).map(({ name }) => name)).toEqual(['app.tenant', 'intervalstyle']);
  expect(evaluationSettings({ settings }, 'owner')).toEqual([{ name: 'DateStyle', value: 'SQL, DMY' }]);
});
