/** What the operating system refused, as a TidemarkError that says what to do about it. */
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';

const remedies: Record<string, string> = {
  ENOSPC: 'Free space on the file system of the repository, then run the command again.',
  EDQUOT: 'Raise the quota of this user on the file system of the repository, then run the command again.',
  EACCES:
    'Let this user read and write the repository. Where several users share it, put them in one group, give the folders to the group and run with umask 002.',
  EPERM:
    'See that this user owns what it writes in the repository and that its file system supports hard links (not FAT, not every network file system).',
  EFBIG:
    'Raise the limit of file sizes (ulimit -f) for this process, or use a file system with larger files.',
  EROFS: 'Mount the file system of the repository for writing, then run the command again.',
  EIO: 'Look in the kernel log: the disk or network file system of the repository reports errors.',
  ESTALE: 'Mount the network file system of the repository again, then run the command again.',
  EMFILE: 'Raise the limit of open files (ulimit -n) for this process.',
  ENFILE: 'Raise the limit of open files of this host (fs.file-max).',
  ENOTSUP: 'Use a file system with hard links and fsync of folders for the repository.',
  ENOSYS: 'Use a file system with hard links and fsync of folders for the repository.',
  EINVAL: 'Use a file system with hard links and fsync of folders for the repository.',
  EXDEV: "Keep the whole of a cluster's folder in the repository on one file system.",
  ELOOP:
    'Put a real file or folder in place of the symbolic link: links inside a repository are not followed.',
  ENOTDIR: 'A file stands where the repository needs a folder. Move it away.',
  EISDIR: 'A folder stands where the repository needs a file. Move it away.',
};

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

/** Wraps a system error as `repository-failed`; keeps a TidemarkError as it is. */
export function storeError(error: unknown, operation: string, subject: string): TidemarkError {
  return asTidemarkError(error, {
    code: 'repository-failed',
    operation,
    subject,
    remedy: remedies[systemCode(error) ?? ''],
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
