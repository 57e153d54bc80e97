/**
 * The connection parameters of libpq that pg-evict understands, under libpq's own names, as strings: the common form of
 * environment variables and service files.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
export const libpqKeywords = [
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'options',
  'application_name',
  'connect_timeout',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
] as const;

export type LibpqKeyword = (typeof libpqKeywords)[number];
export type LibpqParameters = Partial<Record<LibpqKeyword, string>>;

/** Environment variables as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const variables: Readonly<Record<LibpqKeyword, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/** The parameters in libpq's environment variables. An empty variable counts as unset, as in libpq. */
export function readLibpqEnvironment(env: Environment): LibpqParameters {
  const parameters: LibpqParameters = {};
  for (const keyword of libpqKeywords) {
    const value = env[variables[keyword]];
    if (value !== undefined && value !== '') parameters[keyword] = value;
  }
  return parameters;
}

/** The variables in which {@link readLibpqEnvironment} found a value, to name them in messages. */
export function namesOfLibpqVariables(parameters: LibpqParameters): string[] {
  return libpqKeywords
    .filter((keyword) => parameters[keyword] !== undefined)
    .map((keyword) => variables[keyword]);
}

/** The environment variable of a parameter. */
export function variableOf(keyword: LibpqKeyword): string {
  return variables[keyword];
}
