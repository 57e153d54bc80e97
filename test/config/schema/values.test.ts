import { createProject, type Outcome } from '../../support/config/project.js';

/** One process for all of them. */
async function load(values: readonly object[]): Promise<Outcome[]> {
  const project = createProject(
    Object.fromEntries(values.map((value, index) => [`${index}/pg-evict.config.json`, value])),
  );
  return project.evaluate(
    values.map((_, index) => ['loadConfig', { path: `${index}/pg-evict.config.json`, env: 'x' }]),
  );
}

const wrong: readonly (readonly [object, string])[] = [
  [{ conection: 'x' }, '"conection" is not a setting (did you mean "connection"?)'],
  [{ nonsense: 1, protect: [] }, '"nonsense" is not a setting (known here: connection, admin,'],
  [
    { testing: { isolatoin: 'run', leaks: 'warn', keepfailed: true } },
    '"testing.isolatoin" is not a setting (did you mean "isolation"?); "testing.keepfailed" is not a setting (did you mean "keepFailed"?)',
  ],
  [{ extends: 'x' }, '"extends" is not a setting'],
  [{ $import: './x.json', protect: [] }, '"$import" is not a setting'],
  [
    { connection: 5 },
    'connection is a number, expected a postgres:// URL, an object with settings, or a function',
  ],
  [{ connection: { hots: 'x' } }, '"connection.hots" is not a setting (did you mean "host"?)'],
  [{ connection: { host: '' } }, 'connection.host is "", expected a string that is not empty'],
  [{ connection: { port: 0 } }, 'connection.port is 0, expected a port from 1 to 65535'],
  [{ connection: { port: '65536' } }, 'connection.port is "65536", expected a port from 1 to 65535'],
  [{ connection: { port: 1.5 } }, 'connection.port is 1.5, expected a port'],
  [
    { connection: { ssl: 'yes' } },
    "connection.ssl is a string, expected true, false, or the options of Node's TLS",
  ],
  [{ connection: { database: 7 } }, 'connection.database is 7, expected a string'],
  [{ admin: 'postgres' }, 'admin is a string, expected an object with user and password'],
  [{ admin: { password: 'x' } }, 'admin.user is missing'],
  [{ admin: { user: 'x', pasword: 'x' } }, '"admin.pasword" is not a setting (did you mean "password"?)'],
  [{ maintenanceDatabase: '' }, 'maintenanceDatabase is "", expected a string that is not empty'],
  [{ knexfile: true }, 'knexfile is true, expected a string'],
  [
    { protect: 'prod*' },
    "protect is \"prod*\", expected a list, such as ['prod*', { host: '*.example.com' }]",
  ],
  [{ protect: ['a', {}] }, 'protect[1] is an object, expected at least one of database and host'],
  [{ protect: [{ hosts: 'x' }] }, '"protect[0].hosts" is not a setting (did you mean "host"?)'],
  [{ protect: [7] }, 'protect[0] is 7, expected a pattern, or an object with database and host'],
  [{ sessions: [] }, 'sessions is a list, expected an object with graceMs, drainMs, timeoutMs and keep'],
  [{ sessions: { graceMs: 'soon' } }, 'sessions.graceMs is "soon", expected milliseconds, or a duration'],
  [{ sessions: { graceMs: '5' } }, 'sessions.graceMs is "5", expected milliseconds, or a duration'],
  [{ sessions: { graceMs: -1 } }, 'sessions.graceMs is -1, expected milliseconds'],
  [{ sessions: { timeoutMs: 0 } }, 'sessions.timeoutMs is 0, expected more than 0 milliseconds'],
  [{ sessions: { timeout: 5 } }, '"sessions.timeout" is not a setting (did you mean "timeoutMs"?)'],
  [{ sessions: { keep: {} } }, 'sessions.keep is an object, expected a list'],
  [{ sessions: { keep: [{}] } }, 'sessions.keep[0] is an object, expected at least one of user, application'],
  [
    { sessions: { keep: [{ app: 'x' }] } },
    '"sessions.keep[0].app" is not a setting (known here: user, application',
  ],
  [{ sessions: { keep: [{ user: [1] }] } }, 'sessions.keep[0].user[0] is 1, expected a string'],
  [{ testing: { server: 'embeded' } }, `testing.server is "embeded", expected 'connection', 'embedded'`],
  [{ testing: { server: { kind: 'docker' } } }, `testing.server.kind is "docker", expected 'connection'`],
  [
    { testing: { server: { kind: 'embedded', version: 'x' } } },
    'testing.server.version is "x", expected a major',
  ],
  [
    { testing: { template: { knx: true } } },
    '"testing.template.knx" is not a setting (did you mean "knex"?)',
  ],
  [{ testing: { template: { seed: 1 } } }, 'testing.template.seed is 1, expected true or false'],
  [
    { testing: { isolation: 'tests' } },
    `testing.isolation is "tests", expected 'file', 'test' or 'run' (did you mean 'test'?)`,
  ],
  [{ testing: { leaks: 'fial' } }, `testing.leaks is "fial", expected 'fail', 'warn' or 'ignore'`],
  [{ testing: { keepFailed: 'yes' } }, 'testing.keepFailed is "yes", expected true or false'],
  [[1], 'it is a list, expected an object with settings'],
];

let outcomes: Outcome[];
beforeAll(async () => {
  outcomes = await load(wrong.map(([value]) => value));
});

test.each(wrong.map(([value, message], index) => [JSON.stringify(value), message, index] as const))(
  '%s is refused: %s',
  (_value, message, index) => {
    expect(outcomes[index]?.error?.code).toBe('CONFIG_INVALID');
    expect(outcomes[index]?.error?.message).toContain(`${index}/pg-evict.config.json: ${message}`);
  },
);

test('all errors are reported at once', async () => {
  const [outcome] = await load([{ protcet: [], sessions: { graceMs: 'soon', keep: 7 } }]);
  expect(outcome?.error?.message).toMatch(/graceMs.*; sessions\.keep.*; "protcet"/);
});

test.each([
  { connection: ['postgres://me:s3cret@x'] },
  { connection: { conectionString: 'postgres://me:s3cret@x' } },
  { connection: { password: ['s3cret'] } },
  { connection: { passwd: 's3cret' } },
  { connection: { ssl: 's3cret' } },
  { connection: { options: { x: 's3cret' } } },
  { admin: 'postgres://me:s3cret@x' },
  { admin: { user: ['s3cret'] } },
  { conection: 'postgres://me:s3cret@x' },
  { sessions: { graceMs: 'postgres://me:s3cret@x' } },
  { protect: 'password=s3cret' },
])('the message about %j shows no password', async (value) => {
  const [outcome] = await load([value]);
  expect(outcome?.error?.code).toBe('CONFIG_INVALID');
  expect(outcome?.error?.message).not.toContain('s3cret');
});

test('durations and ports come out as numbers, whichever way they are written', async () => {
  const [outcome] = await load([
    {
      $schema: '../schema.json',
      connection: { host: 'x', port: '5433' },
      sessions: { graceMs: '1.5s', timeoutMs: '2m', keep: [{ application: ['a', 'b*'] }] },
      protect: ['prod*', { host: '*.example.com' }],
      testing: {
        server: { kind: 'embedded', version: 17, settings: { max_connections: 50 }, startTimeoutMs: '1h' },
        template: { knex: true, seed: true },
        isolation: 'file',
        leaks: 'warn',
      },
    },
  ]);
  expect(outcome?.value).toMatchObject({
    config: {
      connection: { port: 5433 },
      sessions: { graceMs: 1500, timeoutMs: 120_000 },
      testing: { server: { startTimeoutMs: 3_600_000 } },
    },
  });
});
