/** What this machine's apt sources say. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Source {
  readonly address: string;
  readonly suites: readonly string[];
}

/** Suites that Debian's own archive has on every machine, beside the one named by the machine's release. */
const archiveSuites = ['oldstable', 'stable', 'testing', 'unstable', 'sid'];

/**
 * The archive from which this machine's own release comes, told from others by the suite it names. Throws an Error when
 * the sources name none.
 */
export function debianMirror(aptFolder = '/etc/apt', release = releaseName()): string {
  const wanted = release === undefined ? archiveSuites : [release, ...archiveSuites];
  const found = sources(aptFolder).find(
    (source) =>
      /^(https?|file|ftp):/.test(source.address) && source.suites.some((suite) => wanted.includes(suite)),
  );
  if (found !== undefined) return found.address;
  throw new Error(
    `the apt sources in ${aptFolder} name no mirror of ${release ?? 'Debian'}: the newest servers come from the ` +
      'mirror a Debian machine installs its own packages from',
  );
}

function releaseName(): string | undefined {
  return /^VERSION_CODENAME="?([^"\n]+)/m.exec(contents('/etc/os-release'))?.[1];
}

function sources(aptFolder: string): Source[] {
  const parts = path.join(aptFolder, 'sources.list.d');
  const names = listing(parts).sort();
  return [
    ...oneLiners(contents(path.join(aptFolder, 'sources.list'))),
    ...names.flatMap((name) => {
      const text = contents(path.join(parts, name));
      if (name.endsWith('.list')) return oneLiners(text);
      return name.endsWith('.sources') ? stanzas(text) : [];
    }),
  ];
}

/** `deb [options] address suite component…` */
function oneLiners(text: string): Source[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)].flatMap(([, address, suite]) =>
    address === undefined || suite === undefined ? [] : [{ address, suites: [suite] }],
  );
}

/** Paragraphs of `Field: values`; a line that begins with a space goes on with the field above it. */
function stanzas(text: string): Source[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const paragraphs = lines.join('\n').split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const field = (name: string): string[] => {
      const value = new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(paragraph)?.[1] ?? '';
      return value.split(/\s+/).filter((word) => word !== '');
    };
    if (!field('Types').includes('deb') || /^Enabled:\s*no\s*$/im.test(paragraph)) return [];
    return field('URIs').map((address) => ({ address, suites: field('Suites') }));
  });
}

function contents(file: string): string {
  return orNothing(() => readFileSync(file, 'utf8'), '');
}

function listing(folder: string): string[] {
  return orNothing(() => readdirSync(folder), []);
}

/** A source that is not there says nothing. */
function orNothing<Value>(read: () => Value, nothing: Value): Value {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  }
}
