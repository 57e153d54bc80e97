import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverMajor, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { startPoolingProxy } from '../../support/cli/pooling-proxy.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();

interface Examination {
  readonly ok: boolean;
  readonly connection: Record<string, unknown>;
  readonly findings: { topic: string; level: string; text: string; remedy?: string }[];
}

test('says that all is well, and names server and role', async () => {
  const database = await scratch.database();
  const { code, stdout, stderr } = await runCli(['doctor'], { DATABASE_URL: serverUrl({ database }) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^host +127\.0\.0\.1 from DATABASE_URL$/m);
  expect(stdout).toMatch(new RegExp(`^server +127\\.0\\.0\\.1:\\d+, PostgreSQL ${serverMajor}\\.`, 'm'));
  expect(stdout).toMatch(/^role +postgres, a superuser$/m);
  expect(stdout).toMatch(/^pooler +none in between$/m);
  expect(stdout).toMatch(/^in the way +nothing$/m);
  expect(stdout).toMatch(/All is well\.\n$/);
  expect(stdout).not.toContain(new URL(serverUrl()).password);
});

test('names commands that lead to the server it has looked at', async () => {
  const { hostname, password, port, username } = new URL(serverUrl());
  const name = scratch.newName('missing');
  const connection = ['-h', hostname, '-p', port, '-U', username];
  const env = { PGPASSWORD: password };
  const { code, stdout } = await runCli(['doctor', name, ...connection], env);
  expect(code).toBe(7);
  const [, command = ''] = /To create it:\s+pg-evict (.*)$/m.exec(stdout.replaceAll(/\n +/g, ' ')) ?? [];
  expect(await runCli(command.split(' '), env)).toMatchObject({ code: 0, stderr: '' });
  expect(await ask('SELECT FROM pg_database WHERE datname = $1', [name])).toHaveLength(1);
});

test('says where each value of the connection comes from', async () => {
  const { hostname, password, port, username } = new URL(serverUrl());
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-doctor-'));
  const file = join(folder, 'services');
  writeFileSync(file, `[mine]\nhost=${hostname}\nport=${port}\ndbname=postgres\n`);
  const { code, stdout } = await runCli(['doctor', '-U', username], {
    PGSERVICE: 'mine',
    PGSERVICEFILE: file,
    PGPASSWORD: password,
  });
  expect(code).toBe(0);
  expect(stdout).toContain(`from service "mine" (${file})\n`);
  expect(stdout).toMatch(/^user +postgres from --username$/m);
  expect(stdout).toMatch(/^password +\(not shown\) from PGPASSWORD$/m);
  rmSync(folder, { recursive: true });
});

test('a server that cannot be reached exits with 6, after where the address came from', async () => {
  const { code, stderr, stdout } = await runCli(['doctor', 'x'], {
    PGHOST: '127.0.0.1',
    PGPORT: '1',
    PGUSER: 'me',
  });
  expect(code).toBe(6);
  expect(stdout).toMatch(/^host +127\.0\.0\.1 from PGHOST\nport +1 from PGPORT\nuser +me from PGUSER$/m);
  expect(stdout).toMatch(/^database +x from the command line$/m);
  expect(stderr).toContain('ECONNREFUSED');
});

test('a missing database exits with 7', async () => {
  const { code, document } = await runCliJson<Examination>(['doctor', 'nobody_has_this'], {
    DATABASE_URL: serverUrl(),
  });
  expect(code).toBe(7);
  expect(document).toMatchObject({ ok: false, exists: false });
});

test('says what guards a database beside a label: the configuration, and being the server’s own', async () => {
  const database = await scratch.database();
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-doctor-'));
  writeFileSync(join(folder, 'pg-evict.config.json'), JSON.stringify({ protect: [database] }));
  const look = async (name: string): Promise<string | undefined> => {
    const { stdout } = await runCli(['doctor', name], { DATABASE_URL: serverUrl() }, folder);
    return /^protection +(.*(?:\n +\S.*)*)$/m.exec(stdout)?.[1]?.replaceAll(/\s+/g, ' ');
  };
  const guarded = `${database} on 127.0.0.1 is protected by the configuration (database ${database})`;
  expect(await look(database)).toBe(guarded);
  await ask(`COMMENT ON DATABASE ${quote(database)} IS '[pg-evict: protected: ask ops]'`);
  expect(await look(database)).toBe(`${guarded} protected (ask ops)`);
  expect(await look('template1')).toBe('template1 belongs to the server and is never touched');
  rmSync(folder, { recursive: true });
});

test('names the GRANTs that a role lacks, as a note: it may work for its own sessions', async () => {
  const database = await scratch.database();
  const role = await scratch.role();
  const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
  const { code, document } = await runCliJson<Examination>(['doctor'], env);
  expect(code).toBe(0);
  expect(document.connection).toMatchObject({
    role,
    superuser: false,
    createdb: false,
    signalBackend: false,
    readAllStats: false,
  });
  const notes = document.findings.filter(({ level }) => level === 'note').map(({ remedy }) => remedy);
  expect(notes).toEqual([
    `ALTER ROLE "${role}" CREATEDB;`,
    `GRANT pg_signal_backend TO "${role}";`,
    `GRANT pg_read_all_stats TO "${role}";`,
    `ALTER DATABASE "${database}" OWNER TO "${role}";`,
  ]);
  const owner = await scratch.role();
  await ask(`ALTER DATABASE ${quote(database)} OWNER TO "${owner}"`);
  const { stdout } = await runCli(['doctor'], env);
  expect(stdout).toContain(`GRANT "${owner}" TO "${role}";\n`);
  await ask(
    `ALTER ROLE "${role}" CREATEDB; GRANT pg_signal_backend, pg_read_all_stats, "${owner}" TO "${role}"`,
  );
  const granted = await runCliJson<Examination>(['doctor'], env);
  expect(granted.document.findings.filter(({ level }) => level !== 'ok')).toEqual([]);
});

test('a managed service is recognised by its roles', async () => {
  const role = await scratch.role();
  await scratch.role('', 'rds_superuser');
  const { stdout } = await runCli(['doctor', 'postgres'], {
    DATABASE_URL: serverUrl({ user: role, password: role }),
  });
  expect(stdout).toContain('Amazon RDS or Aurora');
  expect(stdout).toMatch(/GRANT pg_signal_backend TO .*as a member of rds_superuser/);
});

test('a blocker exits with 5, sessions that may not be terminated with 4', async () => {
  const database = await scratch.database();
  const role = await scratch.role('CREATEDB');
  await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
  const superuser = await openSession(serverUrl({ database }));
  const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
  const denied = await runCliJson<Examination>(['doctor'], env);
  expect(denied.code).toBe(4);
  expect(denied.document).toMatchObject({ standing: [{ kind: 'session', name: String(superuser.pid) }] });

  await superuser.client.query(`BEGIN; DELETE FROM marker; PREPARE TRANSACTION '${database}'`);
  const blocked = await runCli(['doctor'], env);
  expect(blocked.code).toBe(5);
  expect(blocked.stdout).toMatch(/^in the way +problem: The prepared transaction/m);
  // The role could not roll it back.
  expect(blocked.stdout).toMatch(/fix: Role "\w+" may not roll it back\. As "postgres" or a superuser/);
  expect(blocked.stdout).not.toContain('--rollback-prepared');
  await superuser.client.query(`ROLLBACK PREPARED '${database}'`);
  await superuser.close();
  expect((await runCli(['doctor'], env)).code).toBe(0);
});

test('a connection pooler in between is recognised', async () => {
  const proxy = await startPoolingProxy(serverUrl());
  const { code, document } = await runCliJson<Examination>(['doctor'], { DATABASE_URL: proxy.url });
  await proxy.close();
  expect(code).toBe(5);
  expect(document.connection).toMatchObject({ pooler: true });
});

test('an invalid database is named with how to get rid of it', async () => {
  const database = await scratch.database();
  await ask(`UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1`, [database]);
  const { code, stdout } = await runCli(['doctor', 'postgres'], { DATABASE_URL: serverUrl() });
  await ask(`UPDATE pg_database SET datconnlimit = -1 WHERE datname = $1`, [database]);
  expect(code).toBe(5);
  expect(stdout).toContain(`${database} cannot be used any more`);
  expect(stdout).toContain(`DROP DATABASE "${database}";`);
});
