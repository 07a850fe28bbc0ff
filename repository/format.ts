/**
 * The format string that every stored record begins with: `tidemark-<kind>-<number>`. It is read before anything else, because a record of a
 * higher number than this version knows is not damaged: a newer Tidemark wrote it, and only that one can say what it means.
 */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { tidemarkVersion } from '../proto/version.ts';

const pattern = /^tidemark-([a-z]+(?:-[a-z]+)*)-([1-9][0-9]{0,8})$/;

/**
 * Throws `newer-format` when `json` has a `format` of one of the kinds in `known` with a higher number than any of them. Everything else is
 * left to the record's shape.
 */
export function refuseNewer(
  json: unknown,
  known: readonly string[],
  operation: string,
  subject: string,
): void {
  const found = formatOf(json);
  if (found === undefined) return;
  const ours = known.map(parts).filter((each) => each?.kind === found.kind);
  const highest = Math.max(...ours.map((each) => each?.number ?? 0));
  if (ours.length === 0 || found.number <= highest) return;
  const reads = `Tidemark ${tidemarkVersion} reads this kind up to number ${highest}`;
  throw new TidemarkError({
    code: 'newer-format',
    operation,
    subject,
    cause: `it was written by a newer Tidemark: its format is tidemark-${found.kind}-${found.number}, and ${reads}`,
  });
}

/** The formats that a record's shape takes: those of its `format` field, or of each shape of a union. */
export function formatsOf(shape: z.ZodType): string[] {
  if (shape instanceof z.ZodDiscriminatedUnion) {
    return shape.options.flatMap((option) => (option instanceof z.ZodType ? formatsOf(option) : []));
  }
  const format: unknown = shape instanceof z.ZodObject ? shape.shape['format'] : undefined;
  if (!(format instanceof z.ZodLiteral)) return [];
  return [...format.values].filter((value) => typeof value === 'string');
}

interface FormatParts {
  readonly kind: string;
  readonly number: number;
}

function formatOf(json: unknown): FormatParts | undefined {
  if (typeof json !== 'object' || json === null || !('format' in json)) return undefined;
  return typeof json.format === 'string' ? parts(json.format) : undefined;
}

function parts(format: string): FormatParts | undefined {
  const found = pattern.exec(format);
  return found === null ? undefined : { kind: found[1] ?? '', number: Number(found[2]) };
}
