/**
 * Names in the head of a stored program. Servers show some of them in UTF-8 and the rest of the statement in the character set of the
 * client that made it: which ones depends on server and kind. Here all of it is in one character set. Text is bytes as latin1.
 */
import type { Wire } from '../connection/wire.ts';
import type { Program } from './programs.ts';
import type { ShownObject } from './shown-object.ts';
import { latin1 } from './sql-script.ts';

/** A name that is shown in UTF-8, in Unicode and with its quotes. */
interface Misplaced {
  readonly quoted: string;
  /** Stands for it in the text. */
  readonly mark: string;
}

/**
 * The statement in the character set that its row names. Where a name is not in that set, since another client gave it, all of the
 * statement is in UTF-8, and so the row says.
 */
export async function withReadableHead(
  wire: Wire,
  { row, text }: ShownObject,
  program: Program,
): Promise<ShownObject> {
  const charset = row['character_set_client'] ?? 'utf8mb4';
  if (charset.startsWith('utf8')) return { row, text };
  const found: Misplaced[] = [];
  let marked = text;
  for (const [number, name] of headNames(program).entries()) {
    for (const quote of ['`', '"']) {
      const quoted = quote + name.replaceAll(quote, quote + quote) + quote;
      const mark = `tidemark_name_${number}`;
      const at = marked.indexOf(latin1(quoted));
      if (at === -1) continue;
      marked = marked.slice(0, at) + mark + marked.slice(at + latin1(quoted).length);
      found.push({ quoted, mark });
      break;
    }
  }
  if (found.length === 0) return { row, text };
  const own = await Promise.all(found.map(({ quoted }) => inCharset(wire, quoted, charset)));
  if (!own.includes(undefined)) return { row, text: filled(marked, found, (at) => own[at] ?? '') };
  const unicode = filled(await inUtf8(wire, marked, charset), found, (at) => latin1(found[at]?.quoted ?? ''));
  return { row: { ...row, character_set_client: 'utf8mb4' }, text: unicode };
}

function filled(text: string, found: readonly Misplaced[], bytes: (at: number) => string): string {
  return found.reduce((sql, { mark }, at) => sql.replace(mark, () => bytes(at)), text);
}

/** Those with characters beyond ASCII of its definer, its own name and a trigger's table, as they follow each other. */
function headNames({ definer, name, table }: Program): string[] {
  const at = definer.lastIndexOf('@');
  return [at === -1 ? definer : definer.slice(0, at), name, table].filter((each) =>
    /[^\x20-\x7e]/.test(each),
  );
}

/** The client's bytes; undefined where its character set does not have a character. */
async function inCharset(wire: Wire, text: string, charset: string): Promise<string | undefined> {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  const own = `CONVERT(CONVERT(x'${hex}' USING utf8mb4) USING ${charset})`;
  const [row] = await wire.query(`SELECT HEX(${own}) AS own, HEX(CONVERT(${own} USING utf8mb4)) AS back`);
  if (row?.['back']?.toLowerCase() !== hex) return undefined;
  return Buffer.from(row['own'] ?? '', 'hex').toString('latin1');
}

async function inUtf8(wire: Wire, text: string, charset: string): Promise<string> {
  const hex = Buffer.from(text, 'latin1').toString('hex');
  const converted = await wire.value(
    `SELECT HEX(CONVERT(CONVERT(x'${hex}' USING ${charset}) USING utf8mb4))`,
  );
  return Buffer.from(converted ?? '', 'hex').toString('latin1');
}
