/**
 * What a team without a coordinator writes: a shell script that locks every shard in turn, opens a snapshot on each with
 * the server's own client, and unlocks them all. It waits for a lock a few seconds and begins again, for transfers that
 * stand between a locked and an unlocked shard would otherwise wait for it, and it for them, without end.
 */
import { newestProgram } from '../../servers/newest.ts';
import { mariadbPackage, postgresPackage } from '../../servers/host.ts';
import type { TestServer } from '../../servers/server.ts';
import { bankDatabase } from '../../bank/plan.ts';
import { shell } from './native-tool.ts';

const lockWaitSeconds = 2;
const attempts = 5;

/** A sentence for whoever reads its figures. */
export const lockScriptLimits = `A lock it does not get within ${lockWaitSeconds} s makes it let go of all and begin again, ${attempts} times at most.`;

/** Runs it once. Resolves with the attempts it took, or undefined when none got every lock. */
export async function lockEveryShard(
  servers: readonly TestServer[],
  folder: string,
): Promise<number | undefined> {
  const said = (await shell(await scriptFor(servers, folder))).trim();
  return said === 'given up' ? undefined : Number(said);
}

async function scriptFor(servers: readonly TestServer[], folder: string): Promise<string> {
  const psql = await newestProgram('sid', postgresPackage, 'psql');
  const mariadb = await newestProgram('trixie', { ...mariadbPackage, folders: ['/usr/bin'] }, 'mariadb');
  const client = (server: TestServer): string =>
    server.engine === 'postgres'
      ? `env PGPASSWORD='${server.password}' '${psql}' -X -q -A -t -v ON_ERROR_STOP=1 -h ${server.host} -p ${server.port} -U ${server.user} ${bankDatabase}`
      : `env MYSQL_PWD='${server.password}' '${mariadb}' --no-defaults -N -B --unbuffered -h ${server.host} -P ${server.port} -u ${server.user} ${bankDatabase}`;
  const lock = (server: TestServer): string =>
    server.engine === 'postgres'
      ? `SET lock_timeout = '${lockWaitSeconds}s'; BEGIN; LOCK TABLE accounts, transfers IN EXCLUSIVE MODE;`
      : `SET lock_wait_timeout = ${lockWaitSeconds}; FLUSH TABLES WITH READ LOCK;`;
  const unlock = (server: TestServer): string =>
    server.engine === 'postgres' ? 'COMMIT;' : 'UNLOCK TABLES;';
  const snapshot = (server: TestServer): string =>
    server.engine === 'postgres'
      ? 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();'
      : 'START TRANSACTION WITH CONSISTENT SNAPSHOT;';
  // Each client is a coprocess: what is written to it runs there, and an echo of its own says that it is done.
  const said = (server: TestServer, word: string): string =>
    server.engine === 'postgres' ? `\\\\echo ${word}` : `SELECT '${word}';`;
  const open = (name: string, server: TestServer): string[] => [
    `rm -f '${folder}/${name}.in' '${folder}/${name}.out'; mkfifo '${folder}/${name}.in' '${folder}/${name}.out'`,
    `${client(server)} < '${folder}/${name}.in' > '${folder}/${name}.out' 2>/dev/null & pids="$pids $!"`,
  ];
  const numbered = servers.map((server, index) => ({ server, index, lockIn: 10 + index * 4 }));
  const channels = numbered.flatMap(({ index, lockIn }) => [
    `exec ${lockIn}>'${folder}/lock${index}.in' ${lockIn + 1}<'${folder}/lock${index}.out'`,
    `exec ${lockIn + 2}>'${folder}/snap${index}.in' ${lockIn + 3}<'${folder}/snap${index}.out'`,
  ]);
  const send = (fd: number, sql: string, word: string, server: TestServer): string =>
    `printf '%s\\n' "${sql}" "${said(server, word)}" >&${fd} && until_said ${fd + 1} ${word}`;
  return `set -u
until_said() { while read -t ${lockWaitSeconds * 3} -r line <&$1; do [ "$line" = "$2" ] && return 0; done; return 1; }
attempt() {
  pids=
${numbered.flatMap(({ server, index }) => [...open(`lock${index}`, server), ...open(`snap${index}`, server)]).join('\n')}
${channels.join('\n')}
${numbered.map(({ server, lockIn }) => `  ${send(lockIn, lock(server), 'locked', server)} || return 1`).join('\n')}
${numbered.map(({ server, lockIn }) => `  ${send(lockIn + 2, snapshot(server), 'opened', server)} || return 1`).join('\n')}
${numbered.map(({ server, lockIn }) => `  ${send(lockIn, unlock(server), 'unlocked', server)} || return 1`).join('\n')}
}
trap '' PIPE
for try in $(seq ${attempts}); do
  if attempt; then done=1; else done=0; fi
${numbered.map(({ lockIn }) => `  exec ${lockIn}>&- ${lockIn + 1}<&- ${lockIn + 2}>&- ${lockIn + 3}<&-`).join('\n')}
  wait $pids 2>/dev/null
  [ $done = 1 ] && echo $try && exit 0
done
echo given up`;
}
