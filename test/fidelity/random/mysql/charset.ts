/** Text in any character set a server offers, as literals of its very bytes. */
import type { Dice } from '../dice.ts';

export interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** Bytes of one character beyond ASCII that each set has; second bytes that look like a backslash or a quote first. */
const beyond: Readonly<Record<string, readonly string[]>> = {
  big5: ['a55c', 'b05c', 'a4a4'],
  cp932: ['835c', '955c', '82a0', 'b1'],
  sjis: ['835c', '955c', '82a0', 'b1'],
  gbk: ['815c', 'b0a1', 'd67c'],
  gb18030: ['815c', 'b0a1', '81308130', '95328236'],
  gb2312: ['b0a1', 'd6d0'],
  euckr: ['b0a1', 'c7d1'],
  ujis: ['a4a2', '8eb1', '8fb0a1'],
  eucjpms: ['a4a2', '8eb1', '8fb0a1'],
  ascii: ['7f'],
};

type Encode = (text: string) => string;

const be: Encode = (text) => Buffer.from(text, 'utf16le').swap16().toString('hex');
const encoders: Readonly<Record<string, Encode>> = {
  utf8: (text) => Buffer.from(text).toString('hex'),
  utf8mb3: (text) => Buffer.from(text).toString('hex'),
  utf8mb4: (text) => Buffer.from(text).toString('hex'),
  ucs2: be,
  utf16: be,
  utf16le: (text) => Buffer.from(text, 'utf16le').toString('hex'),
  utf32: (text) =>
    Array.from(text, (one) => (one.codePointAt(0) ?? 0).toString(16).padStart(8, '0')).join(''),
};

const basicOnly = ['utf8', 'utf8mb3', 'ucs2'];

/** Characters in hex, one entry each, so that a length can be counted. */
function characters(charset: string): string[] {
  const encode = encoders[charset];
  if (encode !== undefined) {
    const odd = [
      'é',
      'ß',
      '漢',
      '\uffff',
      '\u2028',
      'İ',
      ...(basicOnly.includes(charset) ? [] : ['😀', '\u{10ffff}']),
    ];
    return odd.map(encode);
  }
  return [...(beyond[charset] ?? ['80', 'e9', 'ff', 'a0', 'dc'])];
}

/** ASCII in the set's own bytes. */
export function ascii(text: string, charset: string): string {
  return (encoders[charset] ?? encoders['utf8mb4'])?.(text) ?? '';
}

export function textLiteral(hex: string, { charset }: Collation): string {
  return charset === 'binary' ? `x'${hex}'` : `_${charset} x'${hex}'`;
}

/** Texts of at most so many characters, plainest first, as literals. */
export function texts(of: Collation, most: number): string[] {
  const plain = ['a', '', 'A', ' ', '\\N', '\t\n\r\0\\', `'"\``, '\u001a\u007f', 'NULL', '%_'];
  if (most === 0) return [textLiteral('', of)];
  const odd = characters(of.charset);
  const all = [
    ...plain.filter((text) => text.length <= most).map((text) => ascii(text, of.charset)),
    ...odd,
    ...(most >= odd.length + 2 ? [ascii('x', of.charset) + odd.join('') + ascii('\\', of.charset)] : []),
    Array.from({ length: Math.min(most, 60) }, (_, at) => odd[at % odd.length]).join(''),
  ];
  return all.map((hex) => textLiteral(hex, of));
}

export function randomText(dice: Dice, of: Collation, most: number): string {
  const odd = characters(of.charset);
  const hex = Array.from({ length: dice.below(Math.min(most, 40) + 1) }, () =>
    dice.below(3) === 0 ? dice.one(odd) : ascii(String.fromCharCode(dice.below(0x80)), of.charset),
  );
  return textLiteral(hex.join(''), of);
}

/** Ends in its number, and nothing before that is a digit: different to every collation. */
export function distinctText(n: number, of: Collation): string {
  const odd = ['', 'A', 'b', '_', '\\N', 'z', "'"];
  return textLiteral(ascii(`${odd[n % odd.length]}${n}`, of.charset), of);
}
