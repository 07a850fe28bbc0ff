/**
 * Asks an agent of its own over TLS, at each address of the command line, and says what it answers. A process of its own,
 * because Node gives each of its warnings only once, on stderr.
 */
import { fileURLToPath } from 'node:url';
import {
  connectAgent,
  serveAgent,
  type AgentImplementation,
  type Transport,
} from '../../../proto/channel.ts';
import { refusingAgent } from './refusing-agent.ts';

const files = (name: string): Transport => ({
  kind: 'tls',
  caPath: fileURLToPath(new URL('./tls/authority.crt', import.meta.url)),
  certPath: fileURLToPath(new URL(`./tls/${name}.crt`, import.meta.url)),
  keyPath: fileURLToPath(new URL(`./tls/${name}.key`, import.meta.url)),
});
const implementation: AgentImplementation = {
  ...refusingAgent,
  describe: () => Promise.resolve({ shard: 'shop-00' }),
};

const server = await serveAgent('127.0.0.1:0', files('agent'), implementation);
for (const host of process.argv.slice(2)) {
  for (const name of ['coordinator', 'stranger']) {
    const client = connectAgent(server.address.replace('127.0.0.1', host), files(name));
    const answer = await client.describe({}).then(
      ({ shard }) => shard,
      (error: unknown) => (error as { code: string }).code,
    );
    process.stdout.write(`${answer}\n`);
    client.close();
  }
}
await server.close(0);
