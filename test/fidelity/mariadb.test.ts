/** Every item comes back as it was, on this machine's MariaDB. */
import { startMariadb } from '../servers/mariadb.ts';
import { everyCase, foldedNamesSuite, otherSettingsSuite } from './mysql/mysql-suite.ts';
import { testFidelity } from './suite.ts';

testFidelity(everyCase('MariaDB', startMariadb));
testFidelity(otherSettingsSuite('MariaDB', startMariadb));
testFidelity(foldedNamesSuite('MariaDB', startMariadb));
