import { createHash } from 'node:crypto';
import type { Target } from '@pg-evict/core';
import { Client } from 'pg';
import { ask, serverUrl, uniqueName } from '../server.js';

/** A target whose sessions on the server can be told from those of every other test. */
export interface OwnTarget extends Target {
  readonly connection: { readonly connectionString: string; readonly application_name: string };
  readonly database: string;
}

/** A database as a role sees it; as the superuser where none is named. A role's password is its name. */
export function targetOf(database: string, user?: string, url = serverUrl()): OwnTarget {
  const changed = new URL(url);
  changed.pathname = '/';
  if (user !== undefined) {
    changed.username = encodeURIComponent(user);
    changed.password = encodeURIComponent(user);
  }
  return {
    connection: { connectionString: changed.href, application_name: uniqueName('pg-evict test') },
    database,
  };
}

/** Sessions and statements that an operation has left on the server. */
export async function stillAtWork({ connection }: OwnTarget): Promise<{ state: string; query: string }[]> {
  return ask('SELECT state, query FROM pg_stat_activity WHERE application_name = $1', [
    connection.application_name,
  ]);
}

/** Which of these backends are there, sorted. */
export async function alive(pids: readonly number[]): Promise<number[]> {
  const rows = await ask<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1)', [pids]);
  return rows.map(({ pid }) => pid).toSorted((a, b) => a - b);
}

/** What the table `marker` of a database says. */
export async function markerOf(database: string, url = serverUrl()): Promise<string | undefined> {
  const client = clientOf(database, undefined, url);
  await client.connect();
  try {
    const { rows } = await client.query<{ content: string }>(
      `SELECT content FROM marker WHERE to_regclass('marker') IS NOT NULL`,
    );
    return rows[0]?.content;
  } catch (error) {
    if ((error as { code?: string }).code === '42P01') return undefined;
    throw error;
  } finally {
    await client.end();
  }
}

/** A client for a database of any name, which a URL could not always carry. */
export function clientOf(database: string, user?: string, url = serverUrl()): Client {
  const { hostname, port, username, password } = new URL(url);
  const client = new Client({
    host: hostname,
    port: Number(port),
    user: user ?? decodeURIComponent(username),
    password: user ?? decodeURIComponent(password),
    database,
  });
  client.on('error', () => undefined);
  return client;
}

/** Databases that operations on a database have left under a private name. */
export async function privateDatabasesFor(database: string, url = serverUrl()): Promise<string[]> {
  const tag = createHash('sha256').update(database).digest('hex').slice(0, 10);
  const client = clientOf('postgres', undefined, url);
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'pg\\_evict\\_%' AND strpos(datname, $1) > 0 ORDER BY 1`,
      [tag],
    );
    return rows.map(({ datname }) => datname);
  } finally {
    await client.end();
  }
}

/** The pids of sessions, in an order that can be compared. */
export function pidsOf(sessions: readonly { readonly pid: number }[]): number[] {
  return sessions.map(({ pid }) => pid).toSorted((a, b) => a - b);
}
