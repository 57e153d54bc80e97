import { readFileSync } from 'node:fs';
import { acquireDatabase, endRun, joinRun, planDatabase, type RunInvitation } from '@pg-evict/testing';
import { Client } from 'pg';
import { useOwnServer } from '../../support/own-server.js';
import { requireTls, type TlsFiles } from '../../support/require-tls.js';
import { serverUrl } from '../../support/server.js';
import { RunFixture } from '../../support/testing/run-fixture.js';

const fixture = new RunFixture();
let files: TlsFiles;
afterAll(async () => fixture.cleanUp());
const server = useOwnServer();
beforeAll(async () => {
  files = await requireTls(server());
});
afterAll(() => files.remove());

test.each([
  ['whose certificate was read as bytes', '127.0.0.1', 'ca: readFileSync(file)'],
  ['one of whose certificates is', '127.0.0.1', "ca: [readFileSync(other), readFileSync(file, 'utf8')]"],
  ['whose name is not checked', 'localhost', 'ca: readFileSync(file), checkServerIdentity: () => undefined'],
])('a process that joins a run gets to the server %s', async (_which, host, ssl) => {
  const { username, password, port } = new URL(serverUrl());
  const login = { host, port: Number(port), user: username, password: decodeURIComponent(password) };
  const cwd = fixture.project({
    'server.crt': readFileSync(files.certificate, 'utf8'),
    'other.crt': readFileSync(files.otherCertificate, 'utf8'),
    'pg-evict.config.cjs': `
      const { readFileSync } = require('node:fs');
      const [file, other] = [__dirname + '/server.crt', __dirname + '/other.crt'];
      module.exports = { connection: { ...${JSON.stringify(login)}, ssl: { ${ssl} } } };`,
  });
  const run = await fixture.start({ server: 'connection' }, { url: undefined, cwd });
  const invitation = JSON.parse(JSON.stringify(run)) as RunInvitation;
  const joined = await joinRun(invitation);
  const { name, connection } = planDatabase(invitation);
  const database = await acquireDatabase(joined, { name });
  for (const settings of [connection, database.connection]) {
    const client = new Client(settings);
    await client.connect();
    const { rows } = await client.query(
      'SELECT current_database() AS name, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    await client.end();
    expect(rows).toEqual([{ name, ssl: true }]);
  }
  await endRun(joined);
});
