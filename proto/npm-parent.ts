/**
 * `npx tidemark-agent` and `npm run` start a program through a shell, and npm hands SIGTERM to that shell alone: the shell
 * ends, and the program would go on without anybody knowing. So a program whose shell was started by npm looks after it.
 */
import { readFileSync } from 'node:fs';

const lookMs = 250;

/** Calls `ended` once when the shell through which npm has started this process is gone. Else, and off Linux, does nothing. */
export function whenNpmEnds(ended: () => void): void {
  const shell = process.ppid;
  if (!isShellOfNpm(shell)) return;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    ended();
  }, lookMs);
  timer.unref();
}

function isShellOfNpm(pid: number): boolean {
  try {
    if (!/^(\S*\/)?(sh|dash|bash|zsh|ash)\0-c\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')))
      return false;
    // The name in brackets may hold anything, so what follows is counted from its end.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return readFileSync(`/proc/${fields[1]}/cmdline`, 'latin1').startsWith('npm ');
  } catch {
    // No /proc, or the parent has ended already.
    return false;
  }
}
