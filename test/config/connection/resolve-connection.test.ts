import { inspect } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { resolveConnection } from '@pg-evict/config';

const folder = mkdtempSync(join(tmpdir(), 'pg-evict-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const user = userInfo().username;
const env = (variables: Record<string, string> = {}): Record<string, string> => ({
  HOME: folder,
  ...variables,
});
const DATABASE_URL = 'postgres://app:secret@db.example:6000/app_dev';

describe('precedence', () => {
  test('--url wins over DATABASE_URL and libpq variables', async () => {
    const { settings, source } = await resolveConnection({
      url: 'postgres://me:pw@other:7000/x',
      env: env({ DATABASE_URL, PGHOST: 'nowhere', PGDATABASE: 'y', PGUSER: 'nobody' }),
    });
    expect(settings).toEqual({ host: 'other', port: 7000, user: 'me', password: 'pw', database: 'x' });
    expect(source).toEqual({ kind: 'url', description: '--url' });
  });

  test('DATABASE_URL wins over libpq variables, which fill in what it leaves open', async () => {
    const { settings, source } = await resolveConnection({
      env: env({
        DATABASE_URL: 'postgres://db.example/app_dev',
        PGHOST: 'nowhere',
        PGPORT: '6001',
        PGUSER: 'me',
        PGPASSWORD: 'pw',
      }),
    });
    expect(settings).toEqual({
      host: 'db.example',
      port: 6001,
      user: 'me',
      password: 'pw',
      database: 'app_dev',
    });
    expect(source.description).toBe('DATABASE_URL');
  });

  test.each([{ host: 'elsewhere' }, { port: 6002 }])(
    '%j sets DATABASE_URL aside: its password is for its own server',
    async (flags) => {
      const { settings, source } = await resolveConnection({ ...flags, env: env({ DATABASE_URL }) });
      expect(settings).toEqual({ ...flags, user });
      expect(source.kind).toBe('flags');
    },
  );

  test("a user beside DATABASE_URL keeps its server and database, not the other role's password", async () => {
    const { settings } = await resolveConnection({
      user: 'postgres',
      env: env({ DATABASE_URL, PGPASSWORD: 'pw' }),
    });
    expect(settings).toEqual({
      host: 'db.example',
      port: 6000,
      user: 'postgres',
      database: 'app_dev',
      password: 'pw',
    });
  });

  test('a flag that says the same as --url, or what it leaves open, is fine; a contradiction is refused', async () => {
    const url = 'postgres://:s3cret@db.example/x';
    const { settings } = await resolveConnection({ url, host: 'db.example', user: 'me', env: env() });
    expect(settings).toMatchObject({ host: 'db.example', user: 'me', password: 's3cret', database: 'x' });
    const error: unknown = await resolveConnection({ url, host: 'other', env: env() }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    // With all that somebody who logs it would see.
    expect(inspect(error, { depth: null })).not.toContain('s3cret');
  });

  test('libpq variables alone name the connection; empty ones count as unset', async () => {
    const { settings, source } = await resolveConnection({
      env: env({
        DATABASE_URL: '',
        PGHOST: '/run/postgresql',
        PGPORT: '',
        PGDATABASE: 'x',
        PGUSER: 'me',
        PGPASSWORD: 'pw',
        PGOPTIONS: '-c work_mem=5MB',
        PGAPPNAME: 'mine',
        PGCONNECT_TIMEOUT: '7',
        PGSSLMODE: 'require',
      }),
    });
    expect(settings).toEqual({
      host: '/run/postgresql',
      database: 'x',
      user: 'me',
      password: 'pw',
      options: '-c work_mem=5MB',
      application_name: 'mine',
      connectionTimeoutMillis: 7000,
      ssl: false,
    });
    expect(source.kind).toBe('environment');
    expect(source.description).toContain('PGHOST');
    expect(source.description).not.toContain('pw');
  });

  test.each([
    ['PGHOSTADDR', { env: { PGHOSTADDR: '192.0.2.1' } }, /^PGHOSTADDR is set/],
    ['PGHOSTADDR beside PGHOST', { env: { PGHOST: 'here', PGHOSTADDR: '192.0.2.1' } }, /^PGHOSTADDR is set/],
    [
      'PGHOSTADDR beside a URL without a host',
      { env: { DATABASE_URL: 'postgres:///app', PGHOSTADDR: '192.0.2.1' } },
      /^PGHOSTADDR is set/,
    ],
    [
      'hostaddr in DATABASE_URL',
      { env: { DATABASE_URL: 'postgres://me:secret@db.example/app?hostaddr=192.0.2.1' } },
      /^DATABASE_URL: it has "hostaddr"/,
    ],
    [
      'hostaddr in --url',
      { url: 'postgres:///app?sslmode=disable&hostaddr=192.0.2.1', env: {} },
      /^--url: it has "hostaddr"/,
    ],
    [
      'another database in dbname',
      { env: { DATABASE_URL: 'postgres://me:secret@db.example/app?dbname=prod' } },
      /^DATABASE_URL: it has "dbname"/,
    ],
  ])('a setting that would lead psql elsewhere is refused: %s', async (_what, given, message) => {
    const resolving = resolveConnection({ ...given, env: env(given.env) });
    await expect(resolving).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    await expect(resolving).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  });

  test.each([
    ['PGHOST', { env: { PGHOST: 'a,b' } }, /^PGHOST names more than one host/],
    ['--host', { host: 'a,b', env: {} }, /^--host names more than one host/],
    [
      'DATABASE_URL',
      { env: { DATABASE_URL: 'postgres://me:secret@a,b/app' } },
      /^DATABASE_URL: The connection URL names/,
    ],
    [
      'DATABASE_URL with ports',
      { env: { DATABASE_URL: 'postgres://me:secret@a:1,b:2/app' } },
      /^DATABASE_URL: .* names more than one host/,
    ],
    ['a parameter of --url', { url: 'postgres:///app?host=a,b', env: {} }, /^--url: .* names more than/],
    [
      'a configuration',
      {
        configured: {
          connection: { host: 'a,b' },
          source: { kind: 'config', description: 'pg-evict.config.json' } as const,
        },
        env: {},
      },
      /^pg-evict\.config\.json: The connection names more than one host/,
    ],
    [
      'a list in a knexfile',
      {
        configured: {
          // JavaScript may have it.
          connection: { host: ['a', 'b'] as unknown as string },
          source: { kind: 'knexfile', description: 'knexfile.js' } as const,
        },
        env: {},
      },
      /^knexfile\.js: The connection names more than one host/,
    ],
  ])('more than one host is refused: %s', async (_what, given, message) => {
    const resolving = resolveConnection({ ...given, env: env(given.env) });
    await expect(resolving).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('the primary'),
    });
    await expect(resolving).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  });

  test.each(['postgres://me:a,b@here/x', 'postgres://me,too@here/x', 'postgres://here/x,y'])(
    'a comma that is in no host is accepted: %s',
    async (url) => {
      expect((await resolveConnection({ url, env: env() })).settings.host).toBe('here');
    },
  );

  test.each([
    ['an empty PGHOSTADDR', { env: { PGHOSTADDR: '' } }],
    ['a host that goes before PGHOSTADDR', { env: { DATABASE_URL, PGHOSTADDR: '192.0.2.1' } }],
    ['a flag that does', { host: 'elsewhere', env: { PGHOSTADDR: '192.0.2.1' } }],
    ['the same database in dbname', { env: { DATABASE_URL: `${DATABASE_URL}?dbname=app_dev` } }],
  ])('a setting without effect is accepted: %s', async (_what, given) => {
    const { settings } = await resolveConnection({
      ...given,
      env: env(given.env),
    });
    expect(settings.host).not.toBe('192.0.2.1');
  });

  test('without any setting, the driver’s defaults determine the server, and the system’s user the role', async () => {
    const { settings, source } = await resolveConnection({ env: env() });
    expect(settings).toEqual({ user });
    expect(source.kind).toBe('defaults');
  });

  test.each([
    [{ PGPORT: 'x' }, 'PGPORT'],
    [{ PGPORT: '0' }, 'PGPORT'],
    [{ PGCONNECT_TIMEOUT: 'soon' }, 'PGCONNECT_TIMEOUT'],
    [{ PGSSLMODE: 'yes' }, 'sslmode'],
    [{ DATABASE_URL: 'mysql://me:s3cret@localhost/x' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'postgres://me:s3cret@localhost:99999/x' }, 'DATABASE_URL'],
  ])('%j is refused, and named', async (variables, name) => {
    const error = await resolveConnection({ env: env(variables as Record<string, string>) }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('s3cret');
  });
});

describe('the service file', () => {
  const file = join(folder, 'services.conf');
  writeFileSync(
    file,
    [
      '# a comment',
      '[first]',
      'host=first.example',
      '[app]',
      '  host=svc.example  ',
      'port=6010',
      'dbname=svc db # not a comment',
      'user=svc',
      "password=p=w'#",
      'host=second.example',
      'keepalives=1',
      '',
      '[after]',
      'host=after.example',
    ].join('\n'),
  );

  const service = { host: 'svc.example', port: 6010, database: 'svc db # not a comment', user: 'svc' };

  test('PGSERVICE names a section; its values win over the other variables', async () => {
    const { settings, source } = await resolveConnection({
      env: env({ PGSERVICE: 'app', PGSERVICEFILE: file, PGHOST: 'nowhere', PGAPPNAME: 'mine' }),
    });
    expect(settings).toEqual({ ...service, password: "p=w'#", application_name: 'mine' });
    expect(source).toEqual({ kind: 'service', description: `service "app" (${file})` });
    const first = await resolveConnection({ env: env({ PGSERVICE: 'first', PGSERVICEFILE: file }) });
    expect(first.settings).toEqual({ host: 'first.example', user: userInfo().username });
  });

  test('?service= in a URL does too, and the URL wins over it', async () => {
    const { settings } = await resolveConnection({
      url: 'postgres:///x?service=app',
      env: env({ PGSERVICEFILE: file }),
    });
    expect(settings).toEqual({ ...service, password: "p=w'#", database: 'x' });
  });

  test.each([{ host: 'other' }, { port: 6011 }, { user: 'other' }])(
    '%j overrides the service, and its password is not sent there',
    async (flags) => {
      const { settings } = await resolveConnection({
        ...flags,
        env: env({ PGSERVICE: 'app', PGSERVICEFILE: file }),
      });
      expect(settings).toEqual({ ...service, ...flags });
    },
  );

  test('it is found in ~/.pg_service.conf, then in PGSYSCONFDIR', async () => {
    const home = mkdtempSync(join(folder, 'home-'));
    const system = mkdtempSync(join(folder, 'system-'));
    writeFileSync(join(home, '.pg_service.conf'), '[one]\nhost=home.example\n');
    writeFileSync(join(system, 'pg_service.conf'), '[one]\nhost=no\n[two]\nhost=system.example\n');
    for (const [PGSERVICE, host] of [
      ['one', 'home.example'],
      ['two', 'system.example'],
    ] as const) {
      const { settings } = await resolveConnection({ env: { HOME: home, PGSYSCONFDIR: system, PGSERVICE } });
      expect(settings).toMatchObject({ host });
    }
  });

  test('on Windows it is found in the folder of the settings', async () => {
    const APPDATA = mkdtempSync(join(folder, 'appdata-'));
    mkdirSync(join(APPDATA, 'postgresql'));
    writeFileSync(join(APPDATA, 'postgresql', '.pg_service.conf'), '[one]\nhost=windows.example\n');
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    try {
      const { settings } = await resolveConnection({ env: env({ APPDATA, PGSERVICE: 'one' }) });
      expect(settings).toMatchObject({ host: 'windows.example' });
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  test.each([
    ['[app]\nhost = x', 2, /space before "="/],
    ['[app]\nhost=x\n\npasswrd=s3cret', 4, /"passwrd" is not supported/],
    ['[app]\njust words', 2, /no "="/],
    ['[app]\nldap://host/dc=x', 2, /LDAP/],
  ])('%j is refused with file and line, and without a value', async (text, line, message) => {
    const broken = join(folder, 'broken.conf');
    writeFileSync(broken, text);
    const resolving = resolveConnection({ env: env({ PGSERVICE: 'app', PGSERVICEFILE: broken }) });
    await expect(resolving).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    await expect(resolving).rejects.toMatchObject({
      message: expect.stringContaining(`${broken}, line ${line}: `),
    });
    await expect(resolving).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') });
  });

  test('an unknown service and a missing file are refused with where it was looked for', async () => {
    await expect(
      resolveConnection({ env: env({ PGSERVICE: 'nope', PGSERVICEFILE: file }) }),
    ).rejects.toMatchObject({
      message: expect.stringContaining(file),
    });
    const missing = join(folder, 'missing.conf');
    await expect(
      resolveConnection({ env: env({ PGSERVICE: 'x', PGSERVICEFILE: missing }) }),
    ).rejects.toMatchObject({
      message: expect.stringContaining(missing),
    });
  });
});

describe('TLS', () => {
  const ca = join(folder, 'root.pem');
  writeFileSync(ca, 'CA');
  const tls = async (variables: Record<string, string>): Promise<unknown> =>
    (await resolveConnection({ env: env({ PGHOST: 'db.example', ...variables }) })).settings.ssl;

  test.each([
    [{}, undefined],
    [{ PGSSLMODE: 'disable' }, false],
    [{ PGSSLMODE: 'allow' }, false],
    [{ PGSSLMODE: 'prefer' }, { rejectUnauthorized: false }],
    [{ PGSSLMODE: 'require' }, { rejectUnauthorized: false }],
    [
      { PGSSLMODE: 'require', PGSSLROOTCERT: ca },
      { ca: 'CA', checkServerIdentity: expect.any(Function) },
    ],
    [
      { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: ca },
      { ca: 'CA', checkServerIdentity: expect.any(Function) },
    ],
    [{ PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca }, { ca: 'CA' }],
    [{ PGSSLMODE: 'verify-full' }, {}],
    [{ PGSSLROOTCERT: 'system' }, {}],
    [
      { PGSSLMODE: 'verify-full', PGSSLCERT: ca, PGSSLKEY: ca },
      { cert: 'CA', key: 'CA' },
    ],
    [{ PGSSLMODE: 'require', PGHOST: '/run/postgresql' }, false],
  ])('%j means what it means to psql', async (variables, expected) => {
    expect(await tls(variables as Record<string, string>)).toEqual(expected);
  });

  test('a certificate that cannot be read is named', async () => {
    const missing = join(folder, 'missing.pem');
    await expect(tls({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: missing })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(missing),
    });
    await expect(tls({ PGSSLMODE: 'verify-ca' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
