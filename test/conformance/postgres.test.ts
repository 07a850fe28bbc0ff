/** The PostgreSQL engine on real servers: the suite of all engines, and what only PostgreSQL has. */
import { testEngine } from './engine-conformance.ts';
import { postgresFixture } from './postgres-fixture.ts';

testEngine(postgresFixture);
