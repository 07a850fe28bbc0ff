/** What MySQL and MariaDB may refuse, or keep differently, under the settings that are drawn. */
import type { AllowedRefusal, SettingAllowances } from '../allowances.ts';

/** Tables that do not say their row format, named by the plan of a restore. */
const rowFormat = {
  code: 'does-not-fit' as const,
  subject: /innodb_default_row_format/,
  cause: /tables that do not say their row format are \w+ on the source and become \w+ here/,
};

const readOnly = { subject: /the server/, cause: /the server is read-only \(read_only = ON\)/ };

/** The plan names the setting itself. */
function misfit(subject: RegExp, cause: RegExp, when?: RegExp): AllowedRefusal {
  return { code: 'does-not-fit', subject, cause, ...(when === undefined ? {} : { when }) };
}

export const settingAllowances: SettingAllowances = {
  innodb_default_row_format: {
    target: [
      misfit(
        rowFormat.subject,
        /in rows of the format \w+ an index takes 767 bytes of a column, and random\..* has more/,
        /\bKEY\b/,
      ),
    ],
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
  read_only: {
    source: [{ code: 'shard-refused', ...readOnly }],
    target: [{ code: 'does-not-fit', ...readOnly }],
  },
  local_infile: {
    target: [misfit(/local_infile/, /rows are loaded by LOAD DATA LOCAL, which is off/)],
  },
  innodb_force_primary_key: {
    target: [
      misfit(
        /innodb_force_primary_key/,
        /the server refuses tables without a primary key, such as random\..*/,
        /^CREATE TABLE (?![^]*\bPRIMARY KEY \()/,
      ),
    ],
  },
  enforce_storage_engine: {
    target: [misfit(/enforce_storage_engine/, /the server makes no tables but those of MyISAM/)],
  },
  innodb_read_only_compressed: {
    target: [
      misfit(
        /innodb_read_only_compressed/,
        /the server lets nobody write to compressed tables, which the set has/,
        /ROW_FORMAT=COMPRESSED/,
      ),
    ],
  },
  max_allowed_packet: {
    target: [
      misfit(
        /random \(.*\)|tables/,
        /.* takes a statement of \d+ bytes, and max_allowed_packet is 65536 here/,
      ),
    ],
  },
};
