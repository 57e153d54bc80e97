import type { ConnectionSettings } from '@pg-evict/core';
import { type LibpqKeyword, type LibpqParameters, variableOf } from './libpq-parameters.js';

/** The values of a connection whose origin can be reported. */
const fields = {
  host: 'host',
  port: 'port',
  user: 'user',
  password: 'password',
  database: 'dbname',
  ssl: 'sslmode',
} as const satisfies Record<string, LibpqKeyword>;

/** The origin of each value of a connection; a value without one is left out. */
export type ConnectionOrigins = { readonly [Field in keyof typeof fields]?: string };

/** The sources of the values, in order of precedence. */
export interface OriginLayers {
  readonly flags: ConnectionSettings;
  readonly url: { readonly settings: ConnectionSettings; readonly name: string } | undefined;
  readonly service: { readonly parameters: LibpqParameters; readonly name: string } | undefined;
  readonly variables: LibpqParameters;
}

/** Names the origin of each value. */
export function originsOf(settings: ConnectionSettings, layers: OriginLayers): ConnectionOrigins {
  const { flags, url, service, variables } = layers;
  return Object.fromEntries(
    (Object.keys(fields) as (keyof typeof fields)[]).flatMap((field) => {
      const keyword = fields[field];
      const origin =
        settings[field] === undefined
          ? undefined
          : flags[field] !== undefined
            ? `--${field === 'user' ? 'username' : field}`
            : url?.settings[field] !== undefined
              ? url.name
              : service?.parameters[keyword] !== undefined
                ? service.name
                : variables[keyword] !== undefined
                  ? variableOf(keyword)
                  : field === 'user'
                    ? 'the operating system'
                    : 'default files';
      return origin === undefined ? [] : [[field, origin]];
    }),
  );
}
