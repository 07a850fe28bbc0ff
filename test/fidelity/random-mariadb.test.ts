/** Random schemas on the machine's own MariaDB. */
import { startMariadb } from '../servers/mariadb.ts';
import { randomMysql } from './random/mysql/suite.ts';
import { testRandomSchemas } from './random/random-suite.ts';

testRandomSchemas(randomMysql('MariaDB', startMariadb));
