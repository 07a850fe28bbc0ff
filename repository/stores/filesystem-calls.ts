/** The calls of the operating system that a filesystem repository makes: handed in, so that a test can have one of them fail. */
import * as nodeFiles from 'node:fs/promises';

export type FilesystemCalls = Pick<
  typeof nodeFiles,
  'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'readlink' | 'realpath' | 'rename' | 'rmdir' | 'unlink'
>;

/** This machine's. */
export const systemCalls: FilesystemCalls = nodeFiles;
