import type { DatabaseAddress } from './database-address.js';

/** A part of an address that a variable may hold. */
export type AddressPart = 'url' | 'host' | 'port' | 'user' | 'password' | 'database';

/**
 * The environment of tests: `DATABASE_URL`, libpq's variables, and those that the project names; `undefined` stands for
 * a variable that is removed.
 *
 * @param given by name, the part of the address that a variable holds, or `false`
 */
export function variablesFor(
  { url, environment }: Pick<DatabaseAddress, 'url' | 'environment'>,
  given: Readonly<Record<string, AddressPart | false>>,
): Record<string, string | undefined> {
  const parts: Record<AddressPart, string | undefined> = {
    url,
    host: environment['PGHOST'],
    port: environment['PGPORT'],
    user: environment['PGUSER'],
    password: environment['PGPASSWORD'],
    database: environment['PGDATABASE'],
  };
  const own = Object.entries(given).map(([name, part]) => [name, part === false ? undefined : parts[part]]);
  return { ...environment, ...(Object.fromEntries(own) as Record<string, string | undefined>) };
}

/** Sets variables in an environment, and deletes those without a value. */
export function setVariables(
  environment: NodeJS.ProcessEnv,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Reflect.deleteProperty(environment, name);
    else environment[name] = value;
  }
}

/** The same for an environment as a list, as processes are started with: `NAME=value`. */
export function withVariables(
  pairs: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): string[] {
  const others = pairs.filter((pair) => !Object.hasOwn(variables, pair.slice(0, pair.indexOf('='))));
  const given = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return [...others, ...given];
}
