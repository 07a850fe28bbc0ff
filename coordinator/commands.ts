/** Arguments, commands, exit codes. What carries a command out is imported when it is called. */
import { Command, CommanderError, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { TidemarkError } from '../proto/errors.ts';
import { logFormats } from '../proto/log-lines.ts';
import { endProcess } from '../proto/process-end.ts';
import { screenText } from '../topology/display-text.ts';
import { readTopology } from '../topology/parse.ts';
import { exitCodesHelp } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { invoke, logLevels, printError, sayWhatIsLost } from './invocation.ts';
import { parseMapping } from './restore/plan.ts';
import type { Outcome, Run } from './run.ts';
import { tidemarkVersion } from '../proto/version.ts';

// Without a listener a broken pipe or a full disk would end the process in the middle of a backup. Who writes something that
// matters hears of its loss; what commander writes is looked at in the end.
const loss: { first: Error | undefined } = { first: undefined };
process.stdout.on('error', (error) => (loss.first ??= error));
process.stderr.on('error', () => undefined);

// An empty variable is one that is not set.
for (const name of ['TIDEMARK_TOPOLOGY', 'TIDEMARK_LOG_LEVEL', 'TIDEMARK_LOG_FORMAT'])
  if (process.env[name] === '') delete process.env[name];

/** What the invocation ended with; commander's handlers return nothing. */
let exitCode = 0;

const program = new Command('tidemark')
  .description('Backs up a sharded database cluster as one thing, and brings it back as one thing.')
  .version(tidemarkVersion)
  .addOption(
    new Option('-t, --topology <file>', 'the topology file')
      .env('TIDEMARK_TOPOLOGY')
      .default('./topology.yaml'),
  )
  .option('--json', 'one JSON document on stdout, also on failure', false)
  .addOption(
    new Option('--log-level <level>', 'how much is logged on stderr')
      .env('TIDEMARK_LOG_LEVEL')
      .choices(logLevels)
      .default('warn' as const),
  )
  .addOption(
    new Option('--log-format <format>', 'json or text (default: text on a terminal, else json)')
      .env('TIDEMARK_LOG_FORMAT')
      .choices(logFormats),
  )
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({
    // With --json the usage error is the document on stdout.
    outputError: (text, write) => {
      if (!process.argv.includes('--json')) write(screenText(text));
    },
  });

/** Of each table, in a rehearsal with rows. */
const rehearsedRows = 100;

/** Of `check` and `backup`. */
const globalsOption = new Option(
  '--globals <how>',
  'also store the roles or users of each server, and their grants',
).choices(['without-passwords', 'with-passwords'] as const);

program
  .command('check')
  .description('read the files, reach every agent, try everything a backup needs, and print what is missing')
  .addOption(globalsOption)
  .addOption(
    new Option(
      '--rehearse [what]',
      "also try a restore of what a backup would hold now, into a scratch server that each agent starts from its host's own programs: " +
        '`schema`, or `rows`, the schema with the first hundred rows of each table',
    )
      .choices(['schema', 'rows'] as const)
      .preset('rows' as const),
  )
  .option('--to <topology>', "with --rehearse: in the staging of another topology file's targets instead")
  .option('--map <old=new>', 'with --to: shard old on the target new (may be repeated)', mapping, [])
  .addHelpText('after', exitCodesHelp([0, 1, 2, 5, 6, 7, 130]))
  .action(({ globals, rehearse, to, map }) =>
    run('check', async (given) => {
      const { check } = await import('./check.ts');
      if (rehearse === undefined) {
        if (to !== undefined) throw usage('check', '--to is for a rehearsal: add --rehearse');
        return check(given, { globals });
      }
      const target = to === undefined ? undefined : await readTopology(to);
      const rows = rehearse === 'schema' ? 0 : rehearsedRows;
      return check(given, { globals }, { rows, to: target, mappings: map });
    }),
  );

program
  .command('backup')
  .description('take one backup set of all shards at one barrier')
  .addOption(globalsOption)
  .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
  .action(({ globals }) =>
    run('backup', async (given) => (await import('./backup.ts')).backup(given, { globals })),
  );

program
  .command('list')
  .description("show the cluster's backup sets")
  .addHelpText('after', exitCodesHelp([0, 1, 2]))
  .action(() => run('list', async (given) => (await import('./list.ts')).list(given)));

program
  .command('show')
  .description('show one backup set, shard by shard')
  .argument('<set>', 'id of the set, or `latest`')
  .option('--tables', 'also every table', false)
  .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6]))
  .action((set, options) =>
    run('show', async (given) => (await import('./show.ts')).show(given, set, options)),
  );

program
  .command('verify')
  .description('read every stored byte of a set and compare it with its digest')
  .argument('<set>', 'id of the set, or `latest`')
  .option('--decode', 'also have the agents unpack every frame and count the rows', false)
  .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
  .action((set, options) =>
    run('verify', async (given) => (await import('./verify.ts')).verify(given, set, options)),
  );

program
  .command('restore')
  .description('restore a set onto empty targets: all shards or none')
  .argument('[set]', 'id of the set, or `latest`')
  .option('--to <topology>', "another topology file's shards as targets")
  .option('--map <old=new>', 'restore shard old to the target new (may be repeated)', mapping, [])
  .option('--globals', 'also make the roles or users that the set stored and a target does not have', false)
  .option(
    '--dry-run',
    'stop after the plan and a rehearsal of the schema, with the exit code the real run would have had so far',
    false,
  )
  .option('--abandon <restore>', 'give up a restore that cannot be completed and has not been opened')
  .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
  .action((set, { to, map, globals, dryRun, abandon: restoreId }) =>
    run('restore', async (given) => {
      const target = to === undefined ? given.topology : await readTopology(to);
      if (restoreId !== undefined) {
        if (set !== undefined) throw usage('restore', '--abandon takes the id of a restore and no set');
        return (await import('./restore/abandon.ts')).abandon({ ...given, topology: target }, restoreId);
      }
      if (set === undefined) throw usage('restore', 'name the set to restore, or `latest`');
      const { restore } = await import('./restore.ts');
      return restore(given, set, { target, mappings: map, globals, dryRun });
    }),
  );

function usage(subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'usage', operation: 'read the arguments', subject, cause });
}

async function run(operation: string, command: (given: Run) => Promise<Outcome>): Promise<void> {
  exitCode = await invoke(program.opts(), operation, command);
}

function mapping(text: string, before: [string, string][]): [string, string][] {
  try {
    return [...before, parseMapping(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof TidemarkError ? error.reason : String(error));
  }
}

/** Commander throws for `--help` and `--version` too; those are no failures. */
async function usageExit(error: CommanderError): Promise<ExitCode> {
  if (error.exitCode === 0) return 0;
  if (process.argv.includes('--json')) {
    const cause =
      error.code === 'commander.help' ? 'no command is given' : error.message.replace(/^error: /, '');
    const usage = { code: 'usage', operation: 'read the arguments', subject: 'tidemark', cause } as const;
    await printError(new TidemarkError(usage), true);
  }
  return 2;
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  exitCode = await usageExit(error);
  exitCode = await sayWhatIsLost(() => loss.first, exitCode);
}
// A connection that still closes, or a peer that does not answer, must not keep a command that has said its last word.
await endProcess(exitCode);
