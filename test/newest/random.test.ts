/** Random schemas on the newest server of each family. */
import { randomMysql } from '../fidelity/random/mysql/suite.ts';
import { randomPostgres } from '../fidelity/random/postgres/suite.ts';
import { testRandomSchemas } from '../fidelity/random/random-suite.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

testRandomSchemas(randomPostgres('PostgreSQL 18', startNewestPostgres, await newestPostgresTools()));
testRandomSchemas(randomMysql('MySQL 9', startNewestMysql, { 'local-infile': 'ON' }));
testRandomSchemas(randomMysql('MariaDB 11.8', startNewestMariadb));
