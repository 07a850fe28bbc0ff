/**
 * The .sql files of a set: read by the `mysql` client, and by us. Text is held as latin1, one character for each byte:
 * a file may carry objects whose bodies are in different character sets, each after the SET that says so.
 */

const delimiters = [';', ';;', '$$', '//', '~~', '@@@', '%%%', '^^^', '!!!', '|||', ';;;;;;;'];

/** Text as the bytes-in-characters of a script. */
export function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** One statement, ended by a delimiter that occurs nowhere in it. */
export function scriptStatement(sql: string): string {
  const delimiter = delimiters.find((candidate) => !sql.includes(candidate)) ?? uniqueDelimiter(sql);
  if (delimiter === ';') return `${sql};\n`;
  return `DELIMITER ${delimiter}\n${sql}${delimiter}\nDELIMITER ;\n`;
}

function uniqueDelimiter(sql: string): string {
  for (let number = 0; ; number += 1) {
    const candidate = `;end_${number};`;
    if (!sql.includes(candidate)) return candidate;
  }
}

/** A comment, whatever is in it. */
export function scriptComment(text: string): string {
  return text
    .split(/[\r\n]+/)
    .map((line) => `-- ${line}\n`)
    .join('');
}

/** The statements of a script that was written with the two functions above, without delimiters and comments. */
export async function* readScript(source: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let delimiter = ';';
  let statement = '';
  for await (const line of lines(source)) {
    if (statement === '') {
      if (line.startsWith('-- ') || line === '--' || line === '') continue;
      if (line.startsWith('DELIMITER ')) {
        delimiter = line.slice('DELIMITER '.length);
        continue;
      }
    }
    statement += statement === '' ? line : `\n${line}`;
    if (!statement.endsWith(delimiter)) continue;
    yield statement.slice(0, -delimiter.length);
    statement = '';
  }
  if (statement !== '') throw new Error('the script ends in the middle of a statement');
}

async function* lines(source: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let rest = '';
  for await (const piece of source) {
    const parts = (rest + Buffer.from(piece).toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}
