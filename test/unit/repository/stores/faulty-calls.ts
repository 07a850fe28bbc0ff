/** A file system whose calls fail as told, each so many times: for what happens between the steps of storing an object. */
import type { FileHandle } from 'node:fs/promises';
import { type FilesystemCalls, systemCalls } from '../../../../repository/stores/filesystem-calls.ts';

export interface Fault {
  readonly call: 'link' | 'unlink' | 'open folder' | 'sync folder';
  /** Of the system's error. */
  readonly code: string;
  /** How often it fails; after that it works. */
  times: number;
  /** The work is done, and only the answer is lost. */
  readonly afterwards?: boolean;
  /** Only for paths that match. */
  readonly path?: RegExp;
}

export function faultyCalls(faults: readonly Fault[]): FilesystemCalls {
  const due = (call: Fault['call'], path: string): Fault | undefined =>
    faults.find((fault) => fault.call === call && fault.times > 0 && (fault.path?.test(path) ?? true));
  const run = async <T>(call: Fault['call'], path: string, work: () => Promise<T>): Promise<T> => {
    const fault = due(call, path);
    if (fault === undefined) return work();
    fault.times -= 1;
    if (fault.afterwards === true) await work();
    throw Object.assign(new Error(`${fault.code}: ${call}`), { code: fault.code });
  };
  const isFolder = async (path: string): Promise<boolean> =>
    (await systemCalls.lstat(path).catch(() => undefined))?.isDirectory() ?? false;
  const open = async (path: string, flags?: string | number, mode?: number): Promise<FileHandle> => {
    if (!(await isFolder(path))) return systemCalls.open(path, flags, mode);
    const handle = await run('open folder', path, () => systemCalls.open(path, flags, mode));
    const sync = handle.sync.bind(handle);
    handle.sync = () => run('sync folder', path, sync);
    return handle;
  };
  return {
    ...systemCalls,
    open: open as FilesystemCalls['open'],
    link: (from, to) => run('link', String(to), () => systemCalls.link(from, to)),
    unlink: (path) => run('unlink', String(path), () => systemCalls.unlink(path)),
  };
}
