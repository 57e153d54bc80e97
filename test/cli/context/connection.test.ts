import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const home = mkdtempSync(join(tmpdir(), 'pg-evict-connection-'));
afterAll(async () => {
  rmSync(home, { recursive: true });
  await scratch.cleanUp();
});

const server = (): { host: string; port: string; user: string; password: string } => {
  const { hostname, port, username, password } = new URL(serverUrl());
  return { host: hostname, port, user: decodeURIComponent(username), password: decodeURIComponent(password) };
};

test('libpq variables reach the server', async () => {
  const database = await scratch.database();
  const { host, port, user, password } = server();
  const env = { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  expect(await runCliJson(['sessions'], env)).toMatchObject({ code: 0, document: { database } });
});

test('flags with the password from .pgpass reach the server', async () => {
  const database = await scratch.database();
  const { host, port, user, password } = server();
  const file = join(home, '.pgpass');
  writeFileSync(file, `${host}:${port}:*:${user}:${password.replaceAll(/[\\:]/g, String.raw`\$&`)}\n`);
  chmodSync(file, 0o600);
  const args = ['sessions', database, '-h', host, '-p', port, '-U', user];
  expect(await runCliJson(args, { HOME: home })).toMatchObject({ code: 0, document: { database } });
  expect(await runCliJson(args, { PGPASSFILE: file })).toMatchObject({ code: 0, document: { database } });
});

test('a service reaches the server', async () => {
  const database = await scratch.database();
  const { host, port, user, password } = server();
  const file = join(home, 'services.conf');
  writeFileSync(
    file,
    `[here]\nhost=${host}\nport=${port}\nuser=${user}\npassword=${password}\ndbname=${database}\n`,
  );
  const env = { PGSERVICEFILE: file };
  const expected = { code: 0, document: { database } };
  expect(await runCliJson(['sessions'], { ...env, PGSERVICE: 'here' })).toMatchObject(expected);
  expect(await runCliJson(['sessions', '-d', 'postgres:///?service=here'], env)).toMatchObject(expected);
});
