/** Every item comes back as it was, on the newest MySQL. */
import { everyCase, foldedNamesSuite, otherSettingsSuite } from '../fidelity/mysql/mysql-suite.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { startNewestMysql } from '../servers/newest.ts';

testFidelity(everyCase('MySQL', startNewestMysql));
testFidelity(otherSettingsSuite('MySQL', startNewestMysql));
testFidelity(foldedNamesSuite('MySQL', startNewestMysql));
