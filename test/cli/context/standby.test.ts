import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const server = useOwnServer();

let database = '';
beforeAll(async () => {
  database = await scratch.database();
  // It recovers for ever, and lets clients in meanwhile, as after a failover somewhere else.
  writeFileSync(join(server().dataDirectory, 'standby.signal'), '');
  await server().restart({ mode: 'fast' });
});

test('on a standby sessions are listed and ended', async () => {
  const session = await openSession(serverUrl({ database }));
  const listed = await runCli(['sessions', database], { DATABASE_URL: serverUrl() });
  expect(listed.stdout).toContain(String(session.pid));
  expect(await runCli(['terminate', database], { DATABASE_URL: serverUrl() })).toMatchObject({ code: 0 });
  expect(await session.ended).toBe('57P01');
});

test.each([
  'drop <database> --yes',
  'drop <database> --dry-run',
  'recreate <database> --yes',
  'rename <database> other',
  'clone <database> other',
  'create other',
  'run <database> -- true',
  'protect <database>',
])('on a standby every other command is refused, and the error names the primary: %s', async (words) => {
  const session = await openSession(serverUrl({ database }));
  const { code, document } = await runCliJson(words.replace('<database>', database).split(' '), {
    DATABASE_URL: serverUrl(),
  });
  expect(code).toBe(3);
  expect(document).toMatchObject({
    error: {
      code: 'REFUSED',
      hint: 'This server is a standby, which only reads: connect to the primary.',
      terminated: [],
    },
  });
  expect(await session.client.query('SELECT FROM marker')).toMatchObject({ rowCount: 1 });
  await session.close();
});

test('on a standby doctor reports a problem', async () => {
  const { code, document } = await runCliJson<{ ok: boolean; connection: object; findings: object[] }>(
    ['doctor', database],
    { DATABASE_URL: serverUrl() },
  );
  expect(code).toBe(5);
  expect(document).toMatchObject({ ok: false, connection: { standby: true } });
  expect(document.findings).toContainEqual(
    expect.objectContaining({ topic: 'server', level: 'problem', text: expect.stringContaining('standby') }),
  );
});
