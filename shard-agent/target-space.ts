/** Whether the disk of a server has room for what is to be restored to it: known only where the agent sees that disk. */
import { statfs } from 'node:fs/promises';
import { formatBytes } from '../topology/units.ts';
import type { Finding } from './engine.ts';
import { finding } from './findings.ts';

export interface TargetSpace {
  /** As the agent's file names it: a path of a socket, or a host. */
  readonly host: string;
  /** Where the server keeps its data; undefined when it does not tell. */
  readonly folder: string | undefined;
  /** What the databases took on their source. */
  readonly neededBytes: number;
}

/** A folder of that name on another host says nothing of the server's. */
function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export async function spaceFindings({ host, folder, neededBytes }: TargetSpace): Promise<Finding[]> {
  const needed = formatBytes(neededBytes);
  const unknown = (why: string): Finding[] => [
    finding(
      'does-not-fit',
      'disk space',
      `the databases took ${needed} on their source; whether there is room cannot be seen: ${why}`,
      "Make sure that the disk of the server's data has that much free.",
      true,
    ),
  ];
  if (!isHere(host)) return unknown(`the server runs on ${host}, not on the agent's host`);
  if (folder === undefined) return unknown('the server does not tell this account where its data is');
  let freeBytes: number;
  try {
    const { bavail, bsize } = await statfs(folder);
    freeBytes = bavail * bsize;
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
  if (freeBytes >= neededBytes) return [];
  return [
    finding(
      'does-not-fit',
      `disk space: ${folder}`,
      `the databases took ${needed} on their source, ${formatBytes(freeBytes)} are free`,
      `Make room on the file system of ${folder}.`,
    ),
  ];
}
