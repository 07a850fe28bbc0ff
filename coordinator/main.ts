/** The `tidemark` command, once tidemark.js has looked at the version of Node. */
import { keepCompiled } from './compile-cache.ts';

keepCompiled();
await import('./commands.ts');
