/** Peak memory of a process together with all its children, sampled from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Peak of one process tree between start and stop. */
export class ProcessMemory {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  /** Samples every `intervalMs`: a peak shorter than that may be missed. */
  constructor(root: number, intervalMs = 50) {
    this.#root = root;
    this.#timer = setInterval(() => this.#sample(), intervalMs);
    this.#sample();
  }

  #sample(): void {
    let sum = 0;
    for (const pid of treeOf(this.#root)) sum += residentBytes(pid);
    this.#peakBytes = Math.max(this.#peakBytes, sum);
  }

  /** Resident bytes summed over the tree; pages shared between processes count for each of them. */
  stop(): number {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peakBytes;
  }
}

function treeOf(root: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent === undefined) continue;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
  }
  const tree: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    tree.push(pid);
    open.push(...(childrenOf.get(pid) ?? []));
  }
  return tree;
}

/** Undefined when the process has ended between the listing and the reading. */
function parentOf(pid: number): number | undefined {
  const status = readOrUndefined(`/proc/${pid}/status`);
  const line = status === undefined ? null : /^PPid:\s+(\d+)/m.exec(status);
  return line === null ? undefined : Number(line[1]);
}

function residentBytes(pid: number): number {
  const status = readOrUndefined(`/proc/${pid}/status`);
  const line = status === undefined ? null : /^VmRSS:\s+(\d+) kB/m.exec(status);
  return line === null ? 0 : Number(line[1]) * 1024;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
