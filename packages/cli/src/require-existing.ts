import { describeDatabase, PgEvictError } from './engine.js';
import type { CommandContext } from './command-context.js';

/**
 * Tells a database without sessions from one that does not exist. Asked only when no session was found, as it takes
 * another connection.
 */
export async function requireExisting({ target, deadline }: CommandContext): Promise<void> {
  const { database, exists } = await describeDatabase(target, deadline);
  if (exists) return;
  throw new PgEvictError('DATABASE_NOT_FOUND', `Database "${database}" does not exist.`, {
    database,
    hint: 'Check the name; capitals count.',
  });
}
