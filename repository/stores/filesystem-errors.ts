/** What the operating system refused, as a TidemarkError that says what to do about it. */
import { userInfo } from 'node:os';
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';

/** Where it was refused, as a path, and to whom. */
interface Refused {
  readonly path: string;
  readonly user: string;
}

const remedies: Record<string, (refused: Refused) => string> = {
  ENOSPC: ({ path }) => `Free space on the file system of ${path}, then run the command again.`,
  EDQUOT: ({ path, user }) =>
    `Raise the quota of ${user} on the file system of ${path}, then run the command again.`,
  EACCES: ({ path, user }) =>
    `Let ${user} read and write ${path} and the folders above it. Where several users share a repository, put them in one group, give the folders to the group (chgrp -R, chmod -R g+rwX) and run with umask 002.`,
  EPERM: ({ path, user }) =>
    `Make sure that ${user} owns what it writes in ${path} and that its file system supports hard links (not FAT, not every network file system).`,
  EFBIG: () =>
    'Raise the limit of file sizes (ulimit -f) for this process, or use a file system with larger files.',
  EROFS: ({ path }) =>
    `Mount the file system of ${path} for writing (mount -o remount,rw), then run the command again.`,
  EIO: ({ path }) => `Look in the kernel log: the disk or network file system of ${path} reports errors.`,
  ESTALE: ({ path }) => `Mount the network file system of ${path} again, then run the command again.`,
  EMFILE: () => 'Raise the limit of open files (ulimit -n) for this process.',
  ENFILE: () => 'Raise the limit of open files of this host (fs.file-max).',
  ENOTSUP: () => 'Use a file system with hard links and fsync of folders for the repository.',
  ENOSYS: () => 'Use a file system with hard links and fsync of folders for the repository.',
  EINVAL: () => 'Use a file system with hard links and fsync of folders for the repository.',
  EXDEV: () => "Keep the whole of a cluster's folder in the repository on one file system.",
  ELOOP: () =>
    'Put a real file or folder in place of the symbolic link: links inside a repository are not followed.',
  ENOTDIR: ({ path }) => `A file is where the repository needs a folder. Move it away: ${path}.`,
  EISDIR: ({ path }) => `A folder is where the repository needs a file. Move it away: ${path}.`,
};

/** Who this process is to the file system: by name where the host knows one. */
function thisUser(): string {
  const uid = process.geteuid?.();
  try {
    const { username } = userInfo();
    return uid === undefined ? `user ${username}` : `user ${username} (uid ${uid})`;
  } catch {
    // A container's user often has a number only.
    return `the user with uid ${uid ?? 'unknown'}`;
  }
}

/** The code of a system error, or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True when a file or folder on the way is not there. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The path that the system refused. */
function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error)) return undefined;
  return typeof error.path === 'string' ? error.path : undefined;
}

/** Wraps a system error as `repository-failed`; keeps a TidemarkError as it is. */
export function storeError(error: unknown, operation: string, subject: string): TidemarkError {
  return asTidemarkError(error, {
    code: 'repository-failed',
    operation,
    subject,
    remedy: remedies[systemCode(error) ?? '']?.({ path: pathOf(error) ?? subject, user: thisUser() }),
  });
}

export function rootMissing(root: string): TidemarkError {
  return new TidemarkError({
    code: 'repository-failed',
    operation: 'open the repository',
    subject: root,
    cause: 'the folder does not exist',
    remedy:
      'Mount the file system of the repository, or create the folder. It is never created silently, so that nothing is written below an unmounted path.',
  });
}

export function notAFolder(root: string): TidemarkError {
  return new TidemarkError({
    code: 'repository-failed',
    operation: 'open the repository',
    subject: root,
    cause: 'it is not a folder',
    remedy: 'Name a folder as the repository.',
  });
}
