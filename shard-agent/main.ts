/** `tidemark-agent`: the daemon on a shard's host, and its `check`, once tidemark-agent.js has looked at Node's version. */
import { Command } from '@commander-js/extra-typings';
import { asTidemarkError, type TidemarkError } from '../proto/errors.ts';
import { endProcess } from '../proto/process-end.ts';
import { openRepository } from '../repository/repository.ts';
import { displayLines, jsonText } from '../topology/display-text.ts';
import { readAgentFile } from '../topology/parse.ts';
import { checkAgent, printReport } from './agent-check.ts';
import { startAgent } from './agent.ts';
import { letHeapGrow } from './heap-growth.ts';
import { openLog, readLogSettings } from './log.ts';
import { openEngine } from './open-engine.ts';
import { readPassword } from './password.ts';
import { Reloads } from './reloads.ts';
import { whenNpmEnds } from '../proto/npm-parent.ts';
import { requireTemporaryFolder } from '../proto/temporary-folder.ts';
import { tidemarkVersion } from '../proto/version.ts';

const exitCodes = `
Exit codes: 0 ended in good order, or ready; 1 failed, or \`check\` found something; 2 wrong usage or configuration;
6 refused; 130 interrupted.
The configuration is --config FILE, else TIDEMARK_AGENT_CONFIG, else ./agent.yaml.
Signals: SIGHUP reads it again; SIGTERM and SIGINT end the agent in good order.
Logs go to stderr: TIDEMARK_LOG_LEVEL (trace, debug, info, warn, error, fatal, silent), TIDEMARK_LOG_FORMAT (json, text).`;

interface Options {
  readonly config?: string | undefined;
  readonly json?: true | undefined;
}

function configPath({ config }: Options): string {
  return config ?? process.env['TIDEMARK_AGENT_CONFIG'] ?? './agent.yaml';
}

async function serve(options: Options): Promise<number> {
  const settings = readLogSettings();
  requireTemporaryFolder();
  letHeapGrow();
  const file = await readAgentFile(configPath(options));
  const { log, drain } = openLog(file.shard, settings);
  process.on('uncaughtExceptionMonitor', (error) =>
    log.fatal({ operation: 'daemon', stack: error.stack }, 'a defect ends the agent'),
  );
  const password = await readPassword(file.database.password);
  const engine = await openEngine(file.database, password, file.tools);
  const store = openRepository(file.repository.url);
  const told = signalled();
  // From the first moment: a reload that is asked for while the agent starts must not end it.
  const reloads = new Reloads(file, log);
  process.on('SIGHUP', () => reloads.ask());
  const agent = await startAgent({ file, engine, store, log });
  reloads.begin(agent);
  process.stdout.write(`tidemark-agent ${file.shard} listening on ${agent.address}\n`);
  log.info({ operation: 'daemon', address: agent.address, version: tidemarkVersion }, 'listening');
  const signal = await told;
  log.info({ operation: 'daemon', signal }, 'leaving: thaw, abort, close');
  await agent.leave();
  log.info({ operation: 'daemon' }, 'left');
  await drain();
  return signal === 'SIGINT' ? 130 : 0;
}

/** The first signal that asks the agent to leave. A second one does not wait for it. */
function signalled(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      resolve(signal);
      process.once(signal, () => process.exit(130));
    });
  }
  whenNpmEnds(() => process.kill(process.pid, 'SIGTERM'));
  return promise;
}

async function check(options: Options): Promise<number> {
  readLogSettings();
  requireTemporaryFolder();
  const file = await readAgentFile(configPath(options));
  const password = await readPassword(file.database.password);
  const engine = await openEngine(file.database, password, file.tools);
  const report = await checkAgent(file, engine, () => openRepository(file.repository.url));
  const unwritten = await print(options.json === true ? jsonText(report) : printReport(report));
  if (unwritten !== undefined) process.stderr.write(`${unwritten}\n`);
  return report.ready && unwritten === undefined ? 0 : 1;
}

/** Resolves when the text has left the process, or with why it could not. Who closes a pipe wants to read no more. */
function print(text: string): Promise<string | undefined> {
  return new Promise((resolve) =>
    process.stdout.write(`${text}\n`, (error) => {
      const lost = error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? error : undefined;
      resolve(lost && `error: stdout: cannot write the outcome: ${lost.message}`);
    }),
  );
}

function fail(error: TidemarkError, json: boolean): number {
  if (json) process.stdout.write(`${jsonText({ error: error.toJSON() })}\n`);
  else process.stderr.write(`${displayLines(error.message)}\n${displayLines(error.remedy)}\n`);
  if (error.code === 'internal')
    process.stderr.write(
      `${displayLines(String((error.cause as Error | undefined)?.stack ?? error.stack))}\n`,
    );
  return error.exitCode;
}

function command(
  run: (action: (options: Options) => Promise<number>, options: Options) => Promise<void>,
): Command {
  const program = new Command('tidemark-agent')
    .description(
      'The Tidemark agent: stands beside one database server and does what the coordinator orders.',
    )
    .version(tidemarkVersion)
    .option('--config <file>', "the agent's file")
    .addHelpText('after', exitCodes)
    .enablePositionalOptions(false)
    .action((options) => run(serve, options));
  program
    .command('check')
    .description(
      'Try everything a backup needs, or a restore where the file allows nothing else; print what is missing.',
    )
    .option('--config <file>', "the agent's file")
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', exitCodes)
    .action((options) => run(check, { ...program.opts(), ...options }));
  for (const each of [program, ...program.commands]) {
    // commander ends with 1 for wrong usage; here that is 2.
    each.exitOverride((outcome) => process.exit(outcome.exitCode === 0 ? 0 : 2));
  }
  return program as unknown as Command;
}

// Whoever started the agent may stop reading, or the disk may be full; what it says there is not worth an end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

await command(async (action, options) => {
  let code: number;
  try {
    code = await action(options);
  } catch (error) {
    const known = asTidemarkError(error, { code: 'internal', operation: 'run', subject: 'tidemark-agent' });
    code = fail(known, options.json === true);
  }
  // Drivers and channels that are still closing must not keep the process.
  await endProcess(code);
}).parseAsync();
