import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A PostgreSQL service of a compose file, as seen from the host. Its password is not read. */
export interface ComposeService {
  readonly file: string;
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const files = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** The first PostgreSQL service with a published port, of the compose file in a folder. */
export async function readComposeService(folder: string): Promise<ComposeService | undefined> {
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const { defaultLoaders } = await import('cosmiconfig');
    try {
      return toService(file, defaultLoaders['.yaml'](file, text) as Compose | null);
    } catch {
      // Not ours to complain about.
      return undefined;
    }
  }
  return undefined;
}

interface Compose {
  readonly services?: Readonly<Record<string, Service>>;
}
interface Service {
  readonly image?: string;
  readonly ports?: readonly (string | number | { published?: string | number; target?: number })[];
  readonly environment?: readonly string[] | Readonly<Record<string, unknown>>;
}

function toService(file: string, compose: Compose | null): ComposeService | undefined {
  for (const [name, service] of Object.entries(compose?.services ?? {})) {
    if (!/postg(?:res|is)|timescale|pgvector/.test(service.image ?? '')) continue;
    const port = (service.ports ?? []).map(publishedPort).find((published) => published !== undefined);
    if (port === undefined) continue;
    const user = variable(service, 'POSTGRES_USER') ?? 'postgres';
    return { file, name, port, user, database: variable(service, 'POSTGRES_DB') ?? user };
  }
  return undefined;
}

/** `5433:5432`, `127.0.0.1:5433:5432`, `{ published: 5433, target: 5432 }`, `${PGPORT:-5433}:5432`. */
function publishedPort(entry: NonNullable<Service['ports']>[number]): number | undefined {
  const text =
    typeof entry === 'object'
      ? `${String(entry.published)}:${String(entry.target)}`
      : withDefaults(String(entry));
  const port = /(?:^|:)(\d+):5432(?:\/tcp)?$/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** A value without `$`, or the default of `${NAME:-default}`. */
function variable({ environment = {} }: Service, name: string): string | undefined {
  const value: unknown = Array.isArray(environment)
    ? (environment as string[]).find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
    : (environment as Readonly<Record<string, unknown>>)[name];
  const text = typeof value === 'string' ? withDefaults(value) : undefined;
  return text === undefined || text === '' || text.includes('$') ? undefined : text;
}

const withDefaults = (text: string): string => text.replaceAll(/\$\{\w{1,200}:?-([^}]{0,1000})\}/g, '$1');
