/** A process that takes a lease and is then killed: `node killed-holder.ts ROOT CLUSTER SET`. */
import { takeLease } from '../../../repository/lease.ts';
import { FilesystemStore } from '../../../repository/stores/filesystem.ts';

const [root = '', cluster = '', set = ''] = process.argv.slice(2);
await takeLease(FilesystemStore.open(root), cluster, { operation: 'backup', set });
process.stdout.write('taken\n');
// Until killed: a lease alone does not keep its process alive.
await new Promise((resolve) => setTimeout(resolve, 60_000));
