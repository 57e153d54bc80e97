/**
 * A setup file of the preset (`setupFiles: ['@pg-evict/jest/outside']` without it): if a test file in band runs outside
 * of our environment, its variables lead to no database.
 */
// Loaded for each test file, so it imports only what it needs.
const { env } = process;

if (env['PG_EVICT_TEST_DATABASE_URL'] === undefined) {
  const { Socket } = require('node:net') as typeof import('node:net');
  const key = Symbol.for('pg-evict.jest.outside/1');
  const holder = Socket as unknown as Record<
    symbol,
    { readonly variables?: NodeJS.Dict<string> } | undefined
  >;
  for (const [name, value] of Object.entries(holder[key]?.variables ?? {})) {
    if (value === undefined) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
}
