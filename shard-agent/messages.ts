/** The agent's own shapes as the wire carries them, and back. */
import type { Finding as WireFinding } from '../proto/gen/tidemark/v1/Finding.ts';
import type { InvariantAnswer } from '../proto/gen/tidemark/v1/InvariantAnswer.ts';
import type { ManifestRef__Output as WireManifestRef } from '../proto/gen/tidemark/v1/ManifestRef.ts';
import type { OperationContext__Output as WireContext } from '../proto/gen/tidemark/v1/OperationContext.ts';
import type { Server as WireServer } from '../proto/gen/tidemark/v1/Server.ts';
import { TidemarkError } from '../proto/errors.ts';
import type { ManifestRef } from '../repository/manifest-entries.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import type { Finding, ServerDescription, TriedInvariants } from './engine.ts';

/** A checked OperationContext. */
export interface OperationContext {
  readonly cluster: string;
  readonly set: string;
  /** 0: the operation needs no lease. */
  readonly leaseNumber: number;
}

export function contextFromWire(wire: WireContext): OperationContext {
  return { cluster: wire.cluster, set: wire.set, leaseNumber: Number(wire.leaseNumber) };
}

export function serverMessage(server: ServerDescription): WireServer {
  return { ...server, databases: [...server.databases] };
}

export function findingMessage({ code, subject, cause, remedy, warning }: Finding): WireFinding {
  return { code, subject, cause, remedy, warning };
}

/** Every invariant that the agent declares, with its answer where there is one. On the wire NULL is no answer. */
export function invariantMessages(
  declared: readonly InvariantQuery[],
  { answers }: Pick<TriedInvariants, 'answers'>,
): InvariantAnswer[] {
  return declared.map(({ name }) => {
    const answer = answers.find((each) => each.name === name)?.answer ?? undefined;
    return answer === undefined ? { name } : { name, answer };
  });
}

/** Throws `internal` when the request names no manifest. */
export function manifestFromWire(wire: WireManifestRef | null, operation: string): ManifestRef {
  if (wire !== null && wire.key !== '')
    return { key: wire.key, size: Number(wire.size), sha256: wire.sha256 };
  throw new TidemarkError({
    code: 'internal',
    operation,
    subject: 'agent',
    cause: 'the request names no manifest',
  });
}
