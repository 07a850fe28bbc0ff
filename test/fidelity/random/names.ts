/** Names of objects: a plain one first, then such as a careless quote, path or pattern would break on. */

/** Each stays different beside the number that makes the name unique; none ends in a digit. */
const oddities = [
  '',
  'Upper Case',
  'a.b',
  'say "hi"',
  "it's",
  'back`tick',
  '50%',
  '%s%20%',
  'tab\there',
  'line\nfeed',
  'cr\rlf',
  '\\back\\slash',
  '$1 $$',
  'sel;ect--',
  '/* no */',
  'ünïcödé',
  '漢字カナ',
  'עברית',
  'e\u0301',
  '{"json": [',
  'a/b:c*d?e|f<g>h',
  '../..',
  '~tilde#hash@at!',
  '\u00a0\u200b',
] as const;

const astral = ['😀', '𝔘𝔫𝔦'] as const;

export interface NameLimits {
  readonly unit: 'bytes' | 'characters';
  readonly most: number;
  /** Characters beyond the basic plane are allowed. */
  readonly astral: boolean;
}

export const postgresNames: NameLimits = { unit: 'bytes', most: 63, astral: true };
export const mysqlNames: NameLimits = { unit: 'characters', most: 64, astral: false };

export const greatestNamePick = oddities.length * 2 + 8;

/** `plain`, unique by itself, with the oddity that `pick` chooses; 0 chooses none. Some fill the limit to the end. */
export function oddName(pick: number, plain: string, limits: NameLimits): string {
  const all: readonly string[] = limits.astral ? [...oddities, ...astral] : oddities;
  const odd = all[pick % all.length] as string;
  const fills = pick >= oddities.length && odd !== '';
  const size = (text: string): number =>
    limits.unit === 'bytes' ? Buffer.byteLength(text) : Array.from(text).length;
  if (!fills) return odd + plain;
  let name = plain;
  for (let at = 0; ; at += 1) {
    const characters = Array.from(odd);
    const longer = (characters[at % characters.length] as string) + name;
    if (size(longer) > limits.most) return name;
    name = longer;
  }
}
