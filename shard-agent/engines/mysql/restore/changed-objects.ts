/** What of a set a restore could not make as it was, in words. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { unquotedToken } from '../schema/head-tokens.ts';
import { readObjectHead } from '../schema/object-head.ts';
import { readTriggerHead } from '../schema/trigger-head.ts';
import { readViewStatement } from '../schema/view-statement.ts';
import type { Step, StepChange } from './staged-steps.ts';

/** Warnings, one for each step that has a note. */
export function changeFindings(steps: readonly Step[]): Finding[] {
  return steps.flatMap((step) => (step.change === undefined ? [] : [changeFinding(step, step.change)]));
}

/** A warning. `sql` makes the object, or lets an event run. */
export function changeFinding(
  { database, sql }: Pick<Step, 'database' | 'sql'>,
  { change, cause }: StepChange,
): Finding {
  const { told, remedy } = words[change];
  return finding('not-supported', `${database}.${objectOf(sql)}`, `${told}: ${cause}`, remedy, true);
}

const words: Readonly<Record<StepChange['change'], { readonly told: string; readonly remedy: string }>> = {
  'left-out': {
    told: 'this view was left out, as the server does not make it',
    remedy: 'Correct what it reads, then make it by hand; the set has its statement.',
  },
  'no-check-option': {
    told: 'this view has no WITH CHECK OPTION any more, as what it reads cannot be written',
    remedy: 'Make it anew with that option once what it reads can be written.',
  },
  invoker: {
    told: 'this view runs with the rights of whoever uses it, as the server does not give it back those of its definer',
    remedy: 'ALTER SQL SECURITY DEFINER VIEW … once what it reads is right.',
  },
  asleep: {
    told: 'this event is disabled, as the server does not let it run',
    remedy: 'ALTER EVENT … ENABLE once the cause is gone.',
  },
  rewritten: {
    told: 'this trigger has the text that the server gave it when its table was renamed, as the server refuses its own',
    remedy: 'Look whether it still fits its table; correct it, or drop it.',
  },
  'trigger-lost': {
    told: 'this trigger is gone, as the server does not make it again',
    remedy: 'Correct what it names, then make it by hand; the set has its statement.',
  },
};

function objectOf(sql: string): string {
  const name =
    readViewStatement(sql)?.name ??
    unquotedToken(
      readTriggerHead(sql)?.name.at(-1)?.text ?? readObjectHead(sql)?.name ?? eventOf.exec(sql)?.[1] ?? '',
    );
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** `ALTER DEFINER=… EVENT … ENABLE`. */
const eventOf = / EVENT (`(?:[^`]|``)*`) ENABLE$/;
