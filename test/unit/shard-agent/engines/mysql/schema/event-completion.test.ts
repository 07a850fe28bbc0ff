import { expect, test } from 'vitest';
import { withReadableCompletion } from '../../../../../../shard-agent/engines/mysql/schema/event-completion.ts';

const row = { sql_mode: 'HIGH_NOT_PRECEDENCE', character_set_client: 'utf8mb4' };
const head = "CREATE DEFINER=`ON COMPLETION NOT PRESERVE`@`%` EVENT `e` ON SCHEDULE AT '2037-01-01 00:00:00'";

test('the clause goes from the head, and what looks like it stays', () => {
  const text = `${head} ON COMPLETION NOT PRESERVE DISABLE COMMENT 'ON COMPLETION NOT PRESERVE' DO SELECT NOT 1`;
  expect(withReadableCompletion({ row, text })).toEqual({
    row,
    text: `${head} DISABLE COMMENT 'ON COMPLETION NOT PRESERVE' DO SELECT NOT 1`,
  });
});

test('an event that is kept stays so, and so does one of another mode', () => {
  const kept = { row, text: `${head} ON COMPLETION PRESERVE ENABLE DO SELECT 1` };
  expect(withReadableCompletion(kept)).toEqual(kept);
  const usual = {
    row: { ...row, sql_mode: 'ANSI' },
    text: `${head} ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1`,
  };
  expect(withReadableCompletion(usual)).toEqual(usual);
});

test('a byte of a name that looks like a quote is none', () => {
  const gbk = { sql_mode: 'ANSI_QUOTES,HIGH_NOT_PRECEDENCE', character_set_client: 'gbk' };
  const named = 'CREATE DEFINER="u"@"%" EVENT "\x81\x60\x81\x22x" ON SCHEDULE EVERY 1 DAY';
  const shown = { row: gbk, text: `${named} ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1` };
  expect(withReadableCompletion(shown).text).toBe(`${named} ENABLE DO SELECT 1`);
});
