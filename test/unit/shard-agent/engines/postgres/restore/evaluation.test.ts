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
  expect(evaluationSettings({ settings })).toEqual([{ name: 'TimeZone', value: 'America/St_Johns' }]);
});
