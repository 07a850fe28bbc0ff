/** Roles on this machine's PostgreSQL; test/newest has the newest. */
import { startPostgres } from '../servers/postgres.ts';
import { testPostgresGlobals } from './globals-postgres.ts';

testPostgresGlobals({ start: () => startPostgres(), tools: async () => ({}) });
