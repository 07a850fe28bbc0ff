import { expect, test } from 'vitest';
import { withoutPlaces } from '../../../../../../shard-agent/engines/mysql/schema/table-place.ts';

test('places go, comments that look like them stay', () => {
  const tail =
    ") /*!50100 TABLESPACE `own ``x` */ ENGINE=InnoDB COMMENT='it''s DATA DIRECTORY=''/x''' DATA DIRECTORY='/it\\'s/'\n" +
    "(PARTITION p0 VALUES LESS THAN (10) DATA DIRECTORY = '/a' TABLESPACE = `own` COMMENT = 'TABLESPACE = `own`' ENGINE = InnoDB)";
  expect(withoutPlaces(tail)).toBe(
    ") ENGINE=InnoDB COMMENT='it''s DATA DIRECTORY=''/x'''\n" +
      "(PARTITION p0 VALUES LESS THAN (10) COMMENT = 'TABLESPACE = `own`' ENGINE = InnoDB)",
  );
});

test('the place of tables of the system stays', () => {
  const tail = ') /*!50100 TABLESPACE `innodb_system` */ ENGINE=InnoDB';
  expect(withoutPlaces(tail)).toBe(tail);
});
