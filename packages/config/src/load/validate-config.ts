import { PgEvictError } from '@pg-evict/core';
import type { GenericSchema, InferOutput } from 'valibot';
import type { ConfigOutput } from '../schema/config-schema.js';
import type { connectionValueSchema } from '../schema/connection-schema.js';
import { describeIssues } from './describe-issues.js';

/**
 * Validates a configuration and converts durations and ports to numbers. The schema library is loaded here, not before.
 */
export async function validateConfig(value: unknown, file: string): Promise<ConfigOutput> {
  const { configSchema } = await import('../schema/config-schema.js');
  return validate(configSchema, value, file, []);
}

/** Validates the result of a `connection` function. */
export async function validateConnection(
  value: unknown,
  file: string,
): Promise<InferOutput<typeof connectionValueSchema>> {
  const { connectionValueSchema: schema } = await import('../schema/connection-schema.js');
  return validate(schema, value, file, ['connection']);
}

async function validate<S extends GenericSchema>(
  schema: S,
  value: unknown,
  file: string,
  path: readonly string[],
): Promise<InferOutput<S>> {
  const { safeParse } = await import('../schema/expect.js');
  const result = safeParse(schema, value);
  if (result.success) return result.output;
  const problems = describeIssues(result.issues, schema, path);
  throw new PgEvictError('CONFIG_INVALID', `${file}: ${problems.join('; ')}.`);
}
