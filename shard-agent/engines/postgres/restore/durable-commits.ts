/** What a restore records, on a server whose commits need not be durable. */

/** What is recorded after it must not be lost with the server's last commits: one that asks more of a commit is asked for it. */
export const durableCommits = `SELECT pg_catalog.set_config(name, 'local', false) FROM (VALUES ('synchronous_commit')) s (name)
  WHERE pg_catalog.current_setting(name) = 'off'`;
