import { expect, test } from 'vitest';
import {
  placedTrigger,
  readTriggerHead,
  replacingTrigger,
  triggerOn,
  unqualifiedTrigger,
} from '../../../../../../shard-agent/engines/mysql/schema/trigger-head.ts';

test.each([
  [
    'CREATE TRIGGER d.a BEFORE INSERT ON d.t FOR EACH ROW SET @x = 1',
    'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
  ],
  [
    'CREATE DEFINER=`u ON x`@`%` TRIGGER `d` . `a b`\n\tafter delete ON `d`.`t` FOR\n EACH ROW DELETE FROM d.t',
    'CREATE DEFINER=`u ON x`@`%` TRIGGER `a b`\n\tafter delete ON `t` FOR\n EACH ROW DELETE FROM d.t',
  ],
  [
    "CREATE TRIGGER IF NOT EXISTS /* TRIGGER d.x's */ d.a BEFORE # d.\n UPDATE ON d. /* here */ t FOR EACH ROW SET @x = 1",
    "CREATE TRIGGER IF NOT EXISTS /* TRIGGER d.x's */ a BEFORE # d.\n UPDATE ON t FOR EACH ROW SET @x = 1",
  ],
  [
    'CREATE TRIGGER "d"."a ""b" BEFORE INSERT ON "t" FOR EACH ROW SET @x = 1',
    'CREATE TRIGGER "a ""b" BEFORE INSERT ON "t" FOR EACH ROW SET @x = 1',
  ],
  [
    'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
    'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
  ],
])('%s', (typed, plain) => {
  expect(unqualifiedTrigger(typed)).toBe(plain);
});

const typed =
  "CREATE DEFINER=`trigger`@`%` /* on x */ trigger if not exists `a b` -- on y\n before  insert on `d` . `t` FOR\n EACH ROW/* four */\n SET @x = 'on t'";

test('the parts of a head, however it was typed', () => {
  const head = readTriggerHead(typed);
  expect(head?.name.map(({ text }) => text)).toEqual(['`a b`']);
  expect(head?.table.map(({ text }) => text)).toEqual(['`d`', '`t`']);
  expect(head?.moment).toBe('BEFORE INSERT');
  expect(typed.slice(head?.end)).toBe("/* four */\n SET @x = 'on t'");
  expect(readTriggerHead('CREATE VIEW v AS SELECT 1')).toBeUndefined();
});

test('the same trigger on another table refuses one that exists, and keeps all else', () => {
  expect(triggerOn(typed, 'hid`den')).toBe(
    typed.replace('if not exists', '').replace('`d` . `t`', '`hid``den`'),
  );
});

test('a trigger in a place, and in the place of the one of its name', () => {
  const place = { side: 'FOLLOWS', other: 'b' } as const;
  expect(placedTrigger(typed)).toBe(typed);
  expect(placedTrigger(typed, place)).toBe(typed.replace('ROW', 'ROW/**/FOLLOWS `b`'));
  expect(replacingTrigger(typed, place)).toBe(
    placedTrigger(typed, place).replace('CREATE', 'CREATE OR REPLACE').replace('if not exists', ''),
  );
});
