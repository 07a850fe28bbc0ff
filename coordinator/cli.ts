#!/usr/bin/env node
/** The `tidemark` command. */
import { keepCompiled } from './compile-cache.ts';

keepCompiled();
await import('./commands.ts');
