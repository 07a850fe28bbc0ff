import { expect, test } from 'vitest';
import { unqualifiedTrigger } from '../../../../../../shard-agent/engines/mysql/schema/trigger-head.ts';

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
