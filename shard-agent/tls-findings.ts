/** The agent's own TLS files, loaded as if it were started now. */
import { tlsFaults } from '../proto/tls-check.ts';
import type { TransportConfig } from '../topology/connection.ts';
import type { Finding } from './engine.ts';
import { finding } from './findings.ts';

export function tlsFindings(transport: TransportConfig): Finding[] {
  if (transport.kind !== 'tls') return [];
  return tlsFaults(transport, 'agent').map(({ code, path, cause, remedy, warning }) =>
    finding(code, path, cause, remedy, warning),
  );
}
