import { expect, test } from 'vitest';
import { withQuotedKeys } from '../../../../../../shard-agent/engines/mysql/schema/foreign-key-names.ts';

const head = 'CREATE TABLE `ch``d` (\n  `x``y` int(11) DEFAULT NULL,\n  KEY `k``k` (`x``y`),';
const tail = '\n) ENGINE=InnoDB';
const key = { name: 'f`k', columns: ['x`y', 'z'], referenced: ['i`d', 'z``'] };

test('names that a server shows as they are become names of a statement', () => {
  const shown =
    head +
    '\n  CONSTRAINT `f`k` FOREIGN KEY (`x`y`, `z`) REFERENCES `o``d`.`pa``r` (`i`d`, `z```) ON DELETE CASCADE,' +
    '\n  CONSTRAINT `a` FOREIGN KEY (`z`) REFERENCES `b` (`c`)' +
    tail;
  expect(withQuotedKeys(shown, [key])).toBe(
    head +
      '\n  CONSTRAINT `f``k` FOREIGN KEY (`x``y`, `z`) REFERENCES `o``d`.`pa``r` (`i``d`, `z`````) ON DELETE CASCADE,' +
      '\n  CONSTRAINT `a` FOREIGN KEY (`z`) REFERENCES `b` (`c`)' +
      tail,
  );
});

test('two backticks in a row are two, not one that is quoted', () => {
  const shown = `${head}\n  CONSTRAINT \`f\`\`k\` FOREIGN KEY (\`z\`) REFERENCES \`p\` (\`i\`)${tail}`;
  expect(withQuotedKeys(shown, [{ name: 'f``k', columns: ['z'], referenced: ['i'] }])).toBe(
    `${head}\n  CONSTRAINT \`f\`\`\`\`k\` FOREIGN KEY (\`z\`) REFERENCES \`p\` (\`i\`)${tail}`,
  );
});

test('what is quoted stays', () => {
  const shown =
    head +
    '\n  CONSTRAINT `f``k` FOREIGN KEY (`x``y`, `z`) REFERENCES `pa``r` (`i``d`, `z`````) ON DELETE CASCADE' +
    tail;
  expect(withQuotedKeys(shown, [key])).toBe(shown);
  expect(withQuotedKeys(shown, [])).toBe(shown);
});
