import { writeFileSync } from 'node:fs';
import { restore, useRestore } from '../../support/cli/spoilt-database.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { privateDatabasesFor } from '../../support/core/target.js';
import { databaseExists, serverUrl } from '../../support/server.js';

const { scratch, dumps } = useRestore();

/** The first message of a connection to the new database. */
const toNewDatabase = /\0database\0pg_evict_new_/;

test.each([
  ['first', 1],
  ['that of the dump', 2],
  ['that of the verification', 3],
])('the loss of a connection to the new database is no bug (%s)', async (_which, nth) => {
  const { hostname, port } = new URL(serverUrl());
  const proxy = await CuttingProxy.start(hostname, Number(port));
  try {
    proxy.cutAt(toNewDatabase, nth);
    const database = await scratch.database();
    const url = new URL(serverUrl({ database }));
    url.host = `127.0.0.1:${proxy.port}`;
    const dump = dumps.path('lost.sql');
    writeFileSync(dump, 'CREATE TABLE public.t (id integer);\n');
    const { code, stderr } = await restore(url.href, dump, '--yes', '--no-undo');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Database "\w+" was not restored(?:; the old one is still there)?: .*(?:terminated|ECONNRESET)/,
    );
    expect(await databaseExists(database)).toBe(true);
    expect(await privateDatabasesFor(database)).toEqual([]);
  } finally {
    proxy.stop();
  }
});
