/** PostgreSQL's NAMEDATALEN - 1: the longest name in bytes (13–18, `src/include/pg_config_manual.h`). */
export const maxNameBytes = 63;

/** The databases that every server has. */
const builtIn = new Set(['postgres', 'template0', 'template1']);

/** Whether a database belongs to the server itself. */
export function isBuiltIn(database: string): boolean {
  return builtIn.has(database);
}
