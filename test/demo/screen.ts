/** What the demo prints: numbered steps, the commands as typed with their own output, and one table at the end. */
import { styleText } from 'node:util';

const begun = performance.now();
let steps = 0;

/** A heading for what comes next. */
export function step(text: string): void {
  steps += 1;
  const seconds = ((performance.now() - begun) / 1000).toFixed(0).padStart(3);
  console.log(`\n${styleText('dim', `${seconds} s`)}  ${styleText('bold', `${steps}. ${text}`)}`);
}

/** A sentence about the step. */
export function say(text: string): void {
  for (const line of text.split('\n')) console.log(`       ${line}`);
}

/** A command as a person would type it, and what it printed. */
export function showCommand(command: string, output: string): void {
  console.log(`     ${styleText('cyan', `$ ${command}`)}`);
  for (const line of output.trimEnd().split('\n')) if (line !== '') console.log(`       ${line}`);
}

/** One line of the table at the end. */
export interface Check {
  readonly what: string;
  readonly found: string;
  readonly good: boolean;
}

/** The table; true when every line is good. */
export function showChecks(checks: readonly Check[]): boolean {
  const widest = Math.max(...checks.map((check) => check.what.length));
  console.log('');
  for (const check of checks) {
    const mark = check.good ? styleText('green', 'ok   ') : styleText('red', 'WRONG');
    console.log(`  ${mark}  ${check.what.padEnd(widest)}  ${check.found}`);
  }
  console.log('');
  return checks.every((check) => check.good);
}
