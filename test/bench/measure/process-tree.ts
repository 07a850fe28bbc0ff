/** What trees of processes use, read from /proc: processor time and resident memory. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's accounting, whatever the kernel's own tick is. */
const ticksPerSecond = 100;

interface Entry {
  readonly parent: number;
  /** Of the process itself, in ticks. */
  readonly own: number;
  /** Of its children that have ended and were waited for. */
  readonly ended: number;
}

/**
 * Processor seconds that the trees below `roots` have used so far, user and system, ended descendants included as far
 * as somebody waited for them. A difference of two readings is what was used between them.
 */
export function cpuSeconds(roots: readonly number[]): number {
  const entries = readEntries();
  let ticks = 0;
  for (const pid of treesOf(roots, entries)) {
    const entry = entries.get(pid);
    if (entry !== undefined) ticks += entry.own + entry.ended;
  }
  return ticks / ticksPerSecond;
}

/** Processor seconds of this process's children that have ended. */
export function endedChildrenSeconds(): number {
  return (readEntry(process.pid)?.ended ?? 0) / ticksPerSecond;
}

/**
 * Resident bytes of each of the groups, summed over the trees of its roots, without those of the groups before it; pages
 * shared between processes count for each of them.
 */
export function residentBytes(groups: readonly (readonly number[])[]): number[] {
  const entries = readEntries();
  const counted = new Set<number>();
  return groups.map((roots) => {
    const tree = [...treesOf(roots, entries)].filter((pid) => !counted.has(pid));
    for (const pid of tree) counted.add(pid);
    return tree.reduce((sum, pid) => sum + residentOf(pid), 0);
  });
}

function treesOf(roots: readonly number[], entries: ReadonlyMap<number, Entry>): Set<number> {
  return new Set(roots.flatMap((root) => treeOf(root, entries)));
}

function treeOf(root: number, entries: ReadonlyMap<number, Entry>): number[] {
  const tree = [root];
  for (const [pid, { parent }] of entries) {
    if (pid !== root && isBelow(parent, root, entries)) tree.push(pid);
  }
  return tree;
}

function isBelow(pid: number, root: number, entries: ReadonlyMap<number, Entry>): boolean {
  for (let at = pid; at > 1; at = entries.get(at)?.parent ?? 0) if (at === root) return true;
  return false;
}

function readEntries(): Map<number, Entry> {
  const entries = new Map<number, Entry>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readEntry(Number(name));
    if (entry !== undefined) entries.set(Number(name), entry);
  }
  return entries;
}

/** Undefined when the process has ended between the listing and the reading. */
function readEntry(pid: number): Entry | undefined {
  const text = readOrUndefined(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in brackets may hold anything; the fields after it are numbered from 3.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
}

function residentOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readOrUndefined(`/proc/${pid}/status`) ?? '');
  return line === null ? 0 : Number(line[1]) * 1024;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
