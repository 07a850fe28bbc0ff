/** What MySQL and MariaDB may refuse, or keep differently, under the settings that are drawn. */
import type { SettingAllowances } from '../allowances.ts';

/** Tables that do not say their row format, named by the plan of a restore. */
const rowFormat = {
  code: 'does-not-fit' as const,
  subject: /innodb_default_row_format/,
  cause: /tables that do not say their row format are \w+ on the source and become \w+ here/,
};

export const settingAllowances: SettingAllowances = {
  innodb_default_row_format: {
    differences: [
      // MySQL's comparer asks for all of the definition.
      { ...rowFormat, facts: /TABLE `.*`/, part: / ROW_FORMAT=[A-Z]+/ },
      {
        ...rowFormat,
        facts: /information_schema\.TABLES of `.*`/,
        part: /"ROW_FORMAT":"\w+",(?=[^\n]*"CREATE_OPTIONS":"(?![^"\n]*row_format=))/,
      },
    ],
  },
};
