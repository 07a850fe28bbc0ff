/**
 * An agent that says who it is and answers nothing else: `node mute-agent-process.ts SHARD REPOSITORY_URL plain|tls`. Prints its address,
 * then a line for every call that it leaves unanswered.
 */
import { fileURLToPath } from 'node:url';
import { protocolVersion, serveAgent } from '../../../proto/channel.ts';
import { agentThat } from '../proto/refusing-agent.ts';

const [shard = '', repositoryUrl = '', kind = ''] = process.argv.slice(2);
const pem = (name: string): string => fileURLToPath(new URL(`../proto/tls/${name}`, import.meta.url));
const unanswered = (): Promise<never> => {
  process.stdout.write('called\n');
  return new Promise(() => undefined);
};
const { address } = await serveAgent(
  '127.0.0.1:0',
  kind === 'tls'
    ? { kind, caPath: pem('authority.crt'), certPath: pem('agent.crt'), keyPath: pem('agent.key') }
    : { kind: 'default' },
  {
    ...agentThat(unanswered),
    describe: () =>
      Promise.resolve({
        protocolVersion,
        tidemarkVersion: 'test',
        shard,
        repositoryUrl,
        server: { family: 'postgresql', version: '15', identity: shard, databases: [], bytes: '0' },
      }),
  },
);
process.stdout.write(`${address}\n`);
