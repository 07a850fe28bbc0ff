/**
 * Statements in the character set of the client that made the object, held as bytes-as-latin1. In a few sets the second byte of a
 * character may be a backtick, a quote or a backslash: such text must not be searched byte by byte.
 */

/** First bytes of characters of two bytes whose second may be below 0x80, by character set. */
const leads: Readonly<Record<string, RegExp>> = {
  sjis: /[\x81-\x9f\xe0-\xfc][^]/g,
  cp932: /[\x81-\x9f\xe0-\xfc][^]/g,
  big5: /[\xa1-\xf9][^]/g,
  gbk: /[\x81-\xfe][^]/g,
  // Of four bytes, the second and fourth are digits.
  gb18030: /[\x81-\xfe](?:[\x30-\x39][\x81-\xfe][\x30-\x39]|[^])/g,
};

/** The same length, with letters in the place of such characters. Other text is returned as it is. */
export function searchable(text: string, charset: string | undefined): string {
  const lead = leads[charset ?? ''];
  return lead === undefined ? text : text.replaceAll(lead, (bytes) => 'x'.repeat(bytes.length));
}

/** Is a quoted name in UTF-8 still one name where a server reads its bytes in another character set? */
export function staysQuoted(name: string, charset: string): boolean {
  const quoted = Buffer.from(`\`${name}\``, 'utf8').toString('latin1');
  return searchable(quoted, charset).endsWith('`');
}

/** How the Encoding Standard calls what servers call otherwise. */
const labels: Readonly<Record<string, string>> = {
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
  utf8: 'utf-8',
  ascii: 'utf-8',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'iso-8859-9',
  latin7: 'iso-8859-13',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
  gb2312: 'gbk',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  tis620: 'windows-874',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  macroman: 'macintosh',
  big5: 'big5',
  gbk: 'gbk',
  gb18030: 'gb18030',
};

/** Undefined where the bytes are not text of that character set, or it is not known here. */
export function decoded(bytes: string, charset: string): string | undefined {
  // Plain ASCII is itself in every set that a client may have.
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  const label = labels[charset];
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label, { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
