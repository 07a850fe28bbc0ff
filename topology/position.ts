/** Where a server's log stood at a cut. Recorded now, so that a log can later be rolled forward from it. */
export type Position =
  | {
      readonly kind: 'wal';
      /** As PostgreSQL prints it: `0/1A2B3C4D`. */
      readonly lsn: string;
      readonly timeline: number;
      readonly systemIdentifier: string;
    }
  | {
      readonly kind: 'binlog';
      /** Empty when the server keeps no binary log. */
      readonly file: string;
      readonly offset: number;
      readonly gtidSet: string;
      readonly serverUuid: string;
    };
