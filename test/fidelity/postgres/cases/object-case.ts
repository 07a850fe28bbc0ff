/** Cases about objects: in a schema of the shared database, or in a database of their own. */
import type { TestServer } from '../../../servers/server.ts';
import { type FidelityCase, majorOf } from '../../case.ts';

const group = 'objects';

interface ObjectCase {
  readonly item: string;
  readonly setup: readonly string[];
  readonly proof: readonly string[];
  readonly exists?: (server: TestServer) => boolean;
}

interface SchemaCase extends ObjectCase {
  readonly schema: string;
  /** Made by the setup. */
  readonly moreSchemas?: readonly string[];
}

/** What it makes without a schema's name stands in its schema; queries of `proof` name the schema. */
export function inSchema({ schema, moreSchemas = [], setup, ...rest }: SchemaCase): FidelityCase {
  return {
    ...rest,
    group,
    database: 'objects',
    schemas: [schema, ...moreSchemas],
    setup: [`CREATE SCHEMA ${schema}; SET search_path = ${schema}`, ...setup],
  };
}

/** For what belongs to no schema. */
export function inDatabase(
  options: ObjectCase & Pick<FidelityCase, 'database' | 'createDatabase'>,
): FidelityCase {
  return { group, ...options };
}

export function from(major: number): (server: TestServer) => boolean {
  return (server) => majorOf(server) >= major;
}
