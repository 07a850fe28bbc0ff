/**
 * What a random schema in odd surroundings may be refused for, and in what it may come back differently: only what its own surroundings explain,
 * told by exactly the finding that is meant for it. Anything else is a failure of the suite.
 */
import type { Finding } from '../../../shard-agent/engine.ts';
import type { Fact } from '../fact.ts';
import type { DrawnSetting } from './surroundings.ts';

/** One refusal that a drawn part of the surroundings brings about. */
export interface AllowedRefusal {
  readonly code: Finding['code'];
  /** The whole subject. */
  readonly subject: RegExp;
  /** The whole cause. */
  readonly cause: RegExp;
  /** Only of a schema that some statement of matches. */
  readonly when?: RegExp;
}

/** One difference that a drawn part of the surroundings brings about, once its warning was given. */
export interface AllowedDifference {
  readonly code: Finding['code'];
  readonly subject: RegExp;
  readonly cause: RegExp;
  /** Whose facts may differ: the whole subject of the fact. */
  readonly facts: RegExp;
  /** The part of what the fact says that may differ, and may be there on one side only. */
  readonly part: RegExp;
}

export interface Allowances {
  /** By the check of a backup, or by the backup. */
  readonly source: readonly AllowedRefusal[];
  /** By the plan of a restore. */
  readonly target: readonly AllowedRefusal[];
  readonly differences: readonly AllowedDifference[];
}

/** What is allowed where each of these settings was drawn. */
export type SettingAllowances = Readonly<Record<string, Partial<Allowances>>>;

export function allowancesOf(
  table: SettingAllowances,
  { source, target }: { readonly source: readonly DrawnSetting[]; readonly target: readonly DrawnSetting[] },
  statements: readonly string[],
): Allowances {
  const holds = ({ when }: AllowedRefusal): boolean =>
    when === undefined || statements.some((sql) => when.test(sql));
  const of = (drawn: readonly DrawnSetting[]): Partial<Allowances>[] =>
    drawn.flatMap(({ name }) => table[name] ?? []);
  return {
    source: of(source).flatMap((allowed) => allowed.source?.filter(holds) ?? []),
    target: of(target).flatMap((allowed) => allowed.target?.filter(holds) ?? []),
    differences: of([...source, ...target]).flatMap((allowed) => allowed.differences ?? []),
  };
}

type Said = Pick<Finding, 'code' | 'subject' | 'cause'>;

/** Is there anything in these findings, and is each of them explained? A refusal without a remedy never is. */
export function mayRefuse(
  refusing: readonly (Said & Pick<Finding, 'remedy'>)[],
  allowed: readonly AllowedRefusal[],
): boolean {
  return (
    refusing.length > 0 &&
    refusing.every((finding) => finding.remedy !== '' && allowed.some((refusal) => isSaid(finding, refusal)))
  );
}

/** The facts without the parts that a warning has said will differ. */
export function withoutNamed(
  facts: readonly Fact[],
  warnings: readonly Said[],
  allowed: readonly AllowedDifference[],
): Fact[] {
  const named = allowed.filter((difference) => warnings.some((warning) => isSaid(warning, difference)));
  return facts.map((fact) => {
    const own = named.filter(({ facts: subject }) => isWhole(subject, fact.subject));
    const says = own.reduce((text, { part }) => text.replaceAll(new RegExp(part, 'g'), ''), fact.says);
    return { ...fact, says };
  });
}

function isSaid(finding: Said, { code, subject, cause }: AllowedRefusal): boolean {
  return finding.code === code && isWhole(subject, finding.subject) && isWhole(cause, finding.cause);
}

/** Also across lines. */
function isWhole(pattern: RegExp, text: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, 's').test(text);
}
