import { Client } from 'pg';
import { serverUrl } from './server.js';

/** A real session on a database, with what became of it. */
export interface OpenSession {
  readonly client: Client;
  readonly pid: number;
  /** SQLSTATE of the error that ended it, once it has ended. */
  readonly ended: Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

export type SessionKind = 'idle' | 'active' | 'idle in transaction';

/** Opens a session and brings it into a state. */
export async function openSession(url: string, kind: SessionKind = 'idle'): Promise<OpenSession> {
  const client = new Client({ connectionString: url, application_name: `test ${kind}` });
  let code: string | undefined;
  client.on('error', (error: Error & { code?: string }) => (code ??= error.code));
  const ended = new Promise<string | undefined>((resolve) => client.once('end', () => resolve(code)));
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  if (kind === 'active') {
    client.query('SELECT pg_sleep(600)').catch((error: Error & { code?: string }) => (code ??= error.code));
  }
  if (kind === 'idle in transaction') {
    await client.query(`BEGIN; CREATE TABLE "t_${pid}" (a int)`);
  }
  return { client, pid, ended, close: async () => client.end().catch(() => undefined) };
}

/** Whose session it is, and in what state; a role's password is its name. */
export interface SessionAs {
  readonly application?: string;
  readonly user?: string;
  readonly kind?: SessionKind;
}

/** Opens sessions on databases of the run's server, the maintenance database by default, that are closed after each test. */
export function useSessions(): (database?: string, as?: SessionAs) => Promise<OpenSession> {
  const opened: OpenSession[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (session) => session.close()));
  });
  return async (database = 'postgres', { application, user, kind } = {}) => {
    const url = new URL(serverUrl({ database, ...(user === undefined ? {} : { user, password: user }) }));
    if (application !== undefined) url.searchParams.set('application_name', application);
    const session = await openSession(url.href, kind);
    opened.push(session);
    return session;
  };
}
