/** Random schemas on the machine's own PostgreSQL. */
import { startPostgres } from '../servers/postgres.ts';
import { randomPostgres } from './random/postgres/suite.ts';
import { testRandomSchemas } from './random/random-suite.ts';

testRandomSchemas(randomPostgres('PostgreSQL', startPostgres));
