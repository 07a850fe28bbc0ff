/** The barrier machine with one of its rules taken out, made from its own source: to see that the simulation notices. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Transition } from './world.ts';

const folder = join(import.meta.dirname, '..', '..', 'coordinator', 'barrier');

export interface Replacement {
  readonly rule: string;
  readonly instead: string;
}

/** Loads coordinator/barrier/protocol.ts with each rule replaced. Throws when the source does not hold a rule exactly once. */
export async function protocolWith(replacements: readonly Replacement[]): Promise<Transition> {
  let source = readFileSync(join(folder, 'protocol.ts'), 'utf8');
  for (const { rule, instead } of replacements) {
    const pieces = source.split(rule);
    if (pieces.length !== 2) {
      throw new Error(`the source holds this ${pieces.length - 1} times, the test must follow it:\n${rule}`);
    }
    source = pieces.join(instead);
  }
  const broken = source.replaceAll(
    / from '(\.[^']+)'/g,
    (_: string, name: string) => ` from '${pathToFileURL(join(folder, name)).href}'`,
  );
  const made = mkdtempSync(join(tmpdir(), 'tidemark-mutation-'));
  try {
    const path = join(made, 'protocol.ts');
    writeFileSync(path, broken);
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { barrierStep: Transition };
    return loaded.barrierStep;
  } finally {
    rmSync(made, { recursive: true });
  }
}
