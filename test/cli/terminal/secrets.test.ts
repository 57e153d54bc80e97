import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runCli } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const directory = mkdtempSync(join(tmpdir(), 'pg-evict-secrets-'));
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(directory, { recursive: true });
});

const secret = 'hunter2S3cret';
const login = `u:${secret}@`;

function file(name: string, content: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Runs each as text, and as JSON with --verbose; returns those that show the secret, or say nothing at all. */
async function showing(
  cases: readonly (readonly [args: readonly string[], env?: Readonly<Record<string, string>>])[],
): Promise<string[]> {
  const runs = cases.flatMap(([args, env]) =>
    [[], ['--json', '--verbose']].map(async (how) => {
      const { code, stdout, stderr } = await runCli([...args, ...how], env);
      const all = stdout + stderr;
      const isFine = code !== 0 && all !== '' && !all.includes(secret);
      return isFine ? [] : [`${args.join(' ')}: ${code} ${all.slice(0, 500)}`];
    }),
  );
  return (await Promise.all(runs)).flat();
}

test('a password that was given in the wrong place is not shown', async () => {
  expect(
    await showing([
      [['recreate', `${login}h/db`, '-y']],
      [['recreate', `postgres://${login}h/db`, '-y']],
      [['drop', 'x', '--host', `${login}h`]],
      [['drop', 'x', '--maintenance-db', `postgres://${login}127.0.0.1:1/db`]],
      [['drop', 'x', '--url', `postgers://${login}h/db`]],
      [['drop', 'x', '--url', `postgres://u:a/${secret}@h/db`]],
      [['drop', 'x', '--user', `postgres://${login}h/db`, '--host', '127.0.0.1', '--port', '1']],
      [['drop', 'x', '--port', `${login}h`]],
    ]),
  ).toEqual([]);
});

test('nor is one in a variable that was confused with another', async () => {
  const closed = { PGHOST: '127.0.0.1', PGPORT: '1' };
  expect(
    await showing([
      [['drop', 'x'], { PGPORT: secret }],
      [['drop', 'x'], { ...closed, PGSSLMODE: secret }],
      [['drop', 'x'], { PGHOST: `postgres://${login}h/db` }],
      [['drop', 'x'], { DATABASE_URL: `${login}h/db` }],
      [['drop', 'x'], { DATABASE_URL: `"postgres://${login}127.0.0.1:1/db"` }],
    ]),
  ).toEqual([]);
});

test('nor is one in a file that cannot be used', async () => {
  const configs = [
    file('key.yaml', `connection: postgres://h/d\npostgres://${login}h/db: 1\n`),
    file('text.yaml', `connection: "postgres://${login}h/db\n`),
    file('text.json', `{ "connection": "postgres://${login}h/db", }`),
    file('wrong.json', `{ "connection": { "port": "${secret}" } }`),
    file('throws.cjs', `throw new Error('cannot connect to postgres://${login}h/db');`),
    file('object.cjs', `throw new Error(require('util').inspect({ user: 'u', password: '${secret}' }));`),
    file('fails.cjs', `module.exports = { connection: () => { throw new Error("password='${secret}'"); } };`),
  ];
  expect(await showing(configs.map((config) => [['sessions', 'x', '--config', config]] as const))).toEqual(
    [],
  );
});

test('nor is one in a migration or a dump that fails', async () => {
  const database = await scratch.database();
  const env = { DATABASE_URL: serverUrl({ database }) };
  const statements = [
    `CREATE ROLE nobody_at_all NOLOGIN PASSWORD /* x */ '${secret}' CONNECTION LIMIT x`,
    `SELECT '{"password": "${secret}"}'::int`,
    `SELECT 'postgres://${login}h/db'::int`,
  ];
  const knex = resolve(__dirname, '../../node_modules/knex');
  const runs = statements.flatMap((sql, index) => {
    const knexfile = file(
      `knex${index}/knexfile.js`,
      `module.exports = { client: 'pg', connection: process.env.DATABASE_URL };`,
    );
    file(
      `knex${index}/migrations/1.js`,
      `exports.up = (knex) => knex.raw(${JSON.stringify(sql)}); exports.down = () => {};`,
    );
    file(`knex${index}/node_modules/knex/index.js`, `module.exports = require(${JSON.stringify(knex)});`);
    file(
      `knex${index}/node_modules/knex/package.json`,
      `{ "name": "knex", "version": "3.3.0", "main": "index.js" }`,
    );
    const dump = file(
      `dump${index}.sql`,
      `--\n-- PostgreSQL database dump\n--\n${sql};\n--\n-- PostgreSQL database dump complete\n--\n`,
    );
    return [
      [['fresh', database, '-y', '--knexfile', knexfile], env],
      [['restore', database, dump, '-y'], env],
    ] as const;
  });
  expect(await showing(runs)).toEqual([]);
});
