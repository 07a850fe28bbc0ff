/** The end of a program that has said all it had to say. */

/**
 * Ends the process with `code` as soon as everything that was written to stdout and stderr has been taken, however slowly it is
 * read. Nothing else is waited for: a socket or a timer that is left over does not keep the process. A reader that has gone away
 * is not waited for either.
 */
export async function endProcess(code: number): Promise<never> {
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(code);
}

/** Writes are answered in their order, so that the answer to an empty one means that all before it are done, or have failed. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  stream.on('error', () => undefined);
  return new Promise((resolve) => stream.write('', () => resolve()));
}
