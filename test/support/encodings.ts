import type { RunningEmbeddedServer } from '@pg-evict/server';
import { Client } from 'pg';
import { useOwnServer } from './own-server.js';

/** Encodings other than UTF8 that clusters were made with, and text that each can hold. */
export const encodings = {
  SQL_ASCII: 'naïve 日本',
  LATIN1: 'naïve ÿ',
  EUC_JP: '日本語',
  WIN1252: 'naïve € œ',
} as const;

export type Encoding = keyof typeof encodings;

/** A server whose databases, the maintenance database and template1 included, are of that encoding, as after `initdb -E`. */
export function useServerOf(encoding: Encoding): () => RunningEmbeddedServer {
  const server = useOwnServer();
  beforeAll(async () => {
    const { url } = server();
    // Each is made again from the other side: nobody drops the database that he is on.
    await remake('postgres', new URL('/template1', url), encoding);
    await remake('template1', new URL('/postgres', url), encoding);
  });
  return server;
}

async function remake(database: string, from: URL, encoding: Encoding): Promise<void> {
  const client = new Client(from.href);
  await client.connect();
  try {
    await client.query(`ALTER DATABASE ${database} IS_TEMPLATE false`);
    await client.query(`DROP DATABASE ${database}`);
    await client.query(
      `CREATE DATABASE ${database} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' IS_TEMPLATE ${String(database === 'template1')}`,
    );
  } finally {
    await client.end();
  }
}
