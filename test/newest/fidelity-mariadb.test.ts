/** Every item comes back as it was, on the newest MariaDB, and from this machine's onto it. */
import { everyCase } from '../fidelity/mysql/mysql-suite.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { startMariadb } from '../servers/mariadb.ts';
import { startNewestMariadb } from '../servers/newest.ts';

testFidelity(everyCase('MariaDB', startNewestMariadb));
testFidelity(everyCase('MariaDB', startMariadb, startNewestMariadb));
