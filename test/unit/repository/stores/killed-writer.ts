/** A process that is killed in the middle of storing an object: `node killed-writer.ts ROOT KEY`. */
import { FilesystemStore } from '../../../../repository/stores/filesystem.ts';

const [root = '', key = ''] = process.argv.slice(2);

async function* body(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(300_000, 'x');
  yield Buffer.alloc(300_000, 'y');
  process.stdout.write('half\n');
  // Until killed: the test ends this process.
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

await FilesystemStore.open(root).create(key, body());
