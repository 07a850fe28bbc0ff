/**
 * Why a channel to an agent does not open, when the two sides are configured differently. grpc-js says of all that only
 * that the connection broke, as of an agent that is down. So, after such a failure, one connection of our own is made, and
 * what happens to it tells.
 */
import net from 'node:net';
import tls from 'node:tls';
import { TidemarkError } from './errors.ts';
import { clientPreface, readFirstFrame, type FirstFrame } from './http2-frames.ts';
import { describeCertificate, isSignedBy, whyNotValidNow, type TlsFiles } from './tls-files.ts';
import { oldestTls, splitAddress } from './transport.ts';

/** How one attempt to speak with the other side ended. */
type Attempt =
  | { readonly outcome: 'answered'; readonly first: FirstFrame }
  /** Nothing came for `patienceMs`, or the connection broke: before TLS was agreed on, or after. */
  | {
      readonly outcome: 'broke';
      readonly secured: boolean;
      readonly error: NodeJS.ErrnoException | undefined;
    };

const patienceMs = 3_000;

/**
 * Resolves with what is configured wrongly (`tls-mismatch`, or `agent-mismatch` when something else than an agent answers),
 * or with undefined when nothing is: then the connection broke for a reason that may pass. Takes at most six seconds, as a
 * rule a few milliseconds, and ends early with `signal`. Never throws.
 */
export async function diagnose(
  address: string,
  files: TlsFiles | undefined,
  signal?: AbortSignal,
): Promise<TidemarkError | undefined> {
  if (signal?.aborted === true) return undefined;
  return files === undefined ? diagnosePlain(address, signal) : diagnoseTls(address, files, signal);
}

async function diagnosePlain(
  address: string,
  signal: AbortSignal | undefined,
): Promise<TidemarkError | undefined> {
  const plain = await speakPlain(address, signal);
  if (plain.outcome === 'answered' && plain.first.kind === 'settings') return undefined;
  if (plain.outcome === 'broke' && isNetwork(plain.error)) return undefined;
  if ((await speaksTls(address, signal)) === true) {
    return mismatch(
      address,
      'the agent speaks TLS, and the topology is configured for plain text',
      "Configure `tls` (ca, cert, key) in the topology, as in the agent's file.",
    );
  }
  return plain.outcome === 'answered' ? somethingElse(address) : undefined;
}

async function diagnoseTls(
  address: string,
  files: TlsFiles,
  signal: AbortSignal | undefined,
): Promise<TidemarkError | undefined> {
  const attempt = await speakTls(address, files, signal);
  if (attempt.outcome === 'answered') {
    switch (attempt.first.kind) {
      case 'settings':
      case 'more':
        return undefined;
      case 'refusal':
        return ownRefused(address, files, `the agent refuses this side: ${attempt.first.cause}`);
      case 'other':
        return somethingElse(address);
    }
  }
  const { error, secured } = attempt;
  if (error !== undefined) {
    const known = whyNotTrusted(address, files, error);
    if (known !== undefined) return known;
  }
  if (secured)
    return ownRefused(address, files, 'the other side ended the connection when it had seen our certificate');
  if (isNetwork(error)) return undefined;
  const plain = await speakPlain(address, signal);
  if (plain.outcome === 'answered') {
    if (plain.first.kind !== 'settings') return somethingElse(address);
    return mismatch(
      address,
      'the agent speaks plain text, and the topology is configured for TLS',
      "Configure `tls` (ca, cert, key) in the agent's file, as in the topology, and restart the agent.",
    );
  }
  if (error?.code?.startsWith('ERR_SSL_') !== true) return undefined;
  return mismatch(address, `the TLS handshake failed: ${error.message.trim()}`, undefined);
}

/** What is wrong with the agent's certificate, or with ours as the server's alert says. */
function whyNotTrusted(
  address: string,
  files: TlsFiles,
  error: NodeJS.ErrnoException & { readonly cert?: { subjectaltname?: string } },
): TidemarkError | undefined {
  const agents = `\`tls.cert\` in the agent's file`;
  switch (error.code) {
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
      return mismatch(
        address,
        `the agent's certificate is not signed by an authority in ${files.caPath} (${error.code})`,
        `Put the authority that signed it into ${files.caPath}, or have ${agents} signed by the one that is there.`,
      );
    case 'CERT_HAS_EXPIRED':
      return mismatch(
        address,
        "the agent's certificate has expired",
        `Renew ${agents}, and restart or reload the agent.`,
      );
    case 'CERT_NOT_YET_VALID':
      return mismatch(
        address,
        `the agent's certificate is not valid yet, by this host's clock (${new Date().toISOString()})`,
        `Correct the clock, or look at ${agents}.`,
      );
    case 'INVALID_PURPOSE':
      return mismatch(
        address,
        "the agent's certificate is not meant for servers (extended key usage)",
        `Have ${agents} signed for serverAuth.`,
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return mismatch(
        address,
        `the agent's certificate is for other names: ${error.cert?.subjectaltname ?? 'none'}`,
        `Write the name that the certificate has into the topology, or have ${agents} signed for ${splitAddress(address).host} (subjectAltName).`,
      );
    default:
      if (error.code?.includes('_ALERT_') !== true) return undefined;
      return ownRefused(address, files, `the agent refuses this side: ${error.message.trim()}`);
  }
}

/** Our certificate was not accepted: the cause, and what can be seen from here. */
function ownRefused(address: string, files: TlsFiles, cause: string): TidemarkError {
  const { certificate, authorities, certPath, caPath } = files;
  const seen = [
    whyNotValidNow(certificate),
    isSignedBy(certificate, authorities) ? undefined : `it is not signed by an authority in ${caPath} either`,
  ].filter((each) => each !== undefined);
  const also = seen.length === 0 ? '' : `; seen from here: ${seen.join('; ')}`;
  return mismatch(
    address,
    `${cause}. We showed ${certPath} (${describeCertificate(certificate)})${also}`,
    `Have ${certPath} signed by the authority that \`tls.ca\` in the agent's file names. The agent's log names each refused connection.`,
  );
}

function mismatch(address: string, cause: string, remedy: string | undefined): TidemarkError {
  return new TidemarkError({
    code: 'tls-mismatch',
    operation: 'agree on how to speak',
    subject: `agent ${address}`,
    cause,
    remedy,
  });
}

function somethingElse(address: string): TidemarkError {
  return new TidemarkError({
    code: 'agent-mismatch',
    operation: 'recognise the agent',
    subject: `agent ${address}`,
    cause: 'something else than a tidemark-agent answers there',
    remedy: 'Correct the agent address in the topology.',
  });
}

/** Nobody there, or nobody to be reached: TLS has nothing to do with it. */
function isNetwork(error: NodeJS.ErrnoException | undefined): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EACCES)$/.test(
    error?.code ?? '',
  );
}

function speakPlain(address: string, signal: AbortSignal | undefined): Promise<Attempt> {
  const socket = net.connect(splitAddress(address));
  return speak(socket, signal, 'connect', () => false);
}

function speakTls(
  address: string,
  { ca, cert, key }: TlsFiles,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const { host, port } = splitAddress(address);
  const socket = tls.connect({
    host,
    port,
    ca,
    cert,
    key,
    minVersion: oldestTls,
    ALPNProtocols: ['h2'],
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
  });
  return speak(socket, signal, 'secureConnect', () => socket.authorized);
}

/** Whoever the other side is: does it agree on TLS at all? Nothing is sent over it. */
async function speaksTls(address: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { host, port } = splitAddress(address);
  const socket = tls.connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  let agreed = false;
  socket.once('secureConnect', () => {
    agreed = true;
    socket.destroy();
  });
  await speak(socket, signal, undefined, () => agreed);
  return agreed;
}

/** Sends the preface at `ready`, and waits for the first frame or the end. */
function speak(
  socket: net.Socket,
  signal: AbortSignal | undefined,
  ready: string | undefined,
  secured: () => boolean,
): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  let error: NodeJS.ErrnoException | undefined;
  let received = Buffer.alloc(0);
  // Asked while the socket lives: afterwards it knows nothing any more.
  let agreed = false;
  const stop = (): void => void socket.destroy();
  const timer = setTimeout(stop, patienceMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (ready !== undefined)
    socket.once(ready, () => {
      agreed = secured();
      socket.write(clientPreface);
    });
  socket.on('data', (piece: Buffer) => {
    received = Buffer.concat([received, piece]);
    const first = readFirstFrame(received);
    if (first.kind === 'more') return;
    resolve({ outcome: 'answered', first });
    socket.destroy();
  });
  socket.on('error', (thrown: NodeJS.ErrnoException) => {
    error ??= thrown;
  });
  socket.once('close', () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    if (received.length > 0) resolve({ outcome: 'answered', first: { kind: 'other' } });
    resolve({ outcome: 'broke', secured: agreed, error });
  });
  return promise;
}
