/** A time zone for servers that have none loaded: +01:00, and +02:00 in the summer of 2026. */
import type { TestServer } from '../../servers/server.ts';

export const testZone = 'Test/Clock';

export async function addTestZone(server: TestServer): Promise<void> {
  const begin = Date.UTC(2026, 2, 29, 1) / 1000;
  const end = Date.UTC(2026, 9, 25, 1) / 1000;
  await server.run(
    `SET SESSION sql_log_bin = 0; USE mysql;
     INSERT INTO time_zone (Time_zone_id, Use_leap_seconds) VALUES (9001, 'N');
     INSERT INTO time_zone_name (Name, Time_zone_id) VALUES ('${testZone}', 9001);
     INSERT INTO time_zone_transition_type (Time_zone_id, Transition_type_id, \`Offset\`, Is_DST, Abbreviation)
       VALUES (9001, 0, 3600, 0, 'TST'), (9001, 1, 7200, 1, 'TSST');
     INSERT INTO time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)
       VALUES (9001, -2145920400, 0), (9001, ${begin}, 1), (9001, ${end}, 0)`,
  );
}
