// Runs knex's own unit and PostgreSQL suites twice, as they are and with every configuration wrapped in withPgEvict, and
// compares them test by test: `PG_EVICT_KNEX_SOURCE=<folder> node test/knex-suites/run.mjs`. The folder is a checkout of
// knex's repository (the package on npm has no tests) at the version that is installed here, with its development
// dependencies: `npm install` there. Ends with 1 if a test ends otherwise when wrapped,
// twice in a row.
//
// knex's tests of its command are left out: they run SQLite, which is not wrapped.
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '@pg-evict/server';
import { Client } from 'pg';
import { compare } from './compare.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const suites = {
  unit: ['--config', 'test/mocha-unit-config-test.js', '--grep', 'CLI tests', '--invert'],
  integration: ['--config', 'test/mocha-integration-config-test.js'],
};

const work = mkdtempSync(join(tmpdir(), 'pg-evict-knex-suites-'));
let source;
let server;

async function main() {
  const { PG_EVICT_KNEX_SOURCE: given } = process.env;
  if (!given) {
    process.stderr.write(
      "!!! SKIPPED: knex's own suites. Set PG_EVICT_KNEX_SOURCE to a checkout of knex's repository.\n",
    );
    return 0;
  }
  source = realpathSync(given);
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const { version: installed } = require('knex/package.json');
  if (version !== installed) {
    throw new Error(`The checkout is knex ${version}; installed is ${installed}. Check out that version.`);
  }
  server = await startServer({
    kind: 'embedded',
    version: 18,
    from: join(here, '..'),
    settings: { max_connections: 200 },
  });
  const plugin = installPlugin();
  let differences = 0;
  for (const [suite, options] of Object.entries(suites)) {
    const runBoth = async () => ({
      plain: await run(suite, options, undefined),
      wrapped: await run(suite, options, plugin),
    });
    const first = compare(suite, await runBoth());
    // Some of knex's tests go by the clock.
    const again = first.length === 0 ? [] : compare(`${suite}, once more`, await runBoth());
    differences += again.filter((test) => first.includes(test)).length;
  }
  return differences === 0 ? 0 : 1;
}

/** Puts the plugin into a folder in which its knex is that of the checkout, and returns its file. */
function installPlugin() {
  const modules = join(work, 'node_modules');
  const scope = join(modules, '@pg-evict');
  mkdirSync(scope, { recursive: true });
  symlinkSync(source, join(modules, 'knex'), 'junction');
  symlinkSync(dirname(require.resolve('@pg-evict/core/package.json')), join(scope, 'core'), 'junction');
  const own = dirname(require.resolve('@pg-evict/knex/package.json'));
  for (const part of ['package.json', 'dist'])
    cpSync(join(own, part), join(scope, 'knex', part), { recursive: true });
  return join(scope, 'knex', 'dist', 'cjs', 'index.js');
}

/** Runs a suite on a database of its own; returns the tests in their order. */
async function run(suite, options, plugin) {
  await prepareDatabase();
  const report = join(work, `${suite}-${plugin === undefined ? 'plain' : 'wrapped'}.json`);
  const settings = join(work, 'connections.cjs');
  const { hostname: host, port } = new URL(server.url);
  const connection = {
    host,
    port: Number(port),
    database: 'knex_test',
    user: 'testuser',
    password: 'knextest',
  };
  writeFileSync(settings, `exports.postgres = ${JSON.stringify({ adapter: 'postgresql', ...connection })};`);
  const mocha = createRequire(join(source, 'package.json')).resolve('mocha/bin/mocha.js');
  const preloaded = plugin === undefined ? [] : ['--require', join(here, 'wrap-every-configuration.cjs')];
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${report}`];
  const environment = { DB: 'postgres', KNEX_TEST: settings, PG_EVICT_KNEX_PLUGIN: plugin ?? '' };
  const output = await new Promise((resolve) => {
    execFile(
      process.execPath,
      [mocha, '--exit', '-t', '20000', ...options, ...preloaded, ...reporter],
      { cwd: source, env: { ...process.env, ...environment }, maxBuffer: 1 << 28 },
      (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`),
    );
  });
  try {
    return JSON.parse(readFileSync(report, 'utf8')).tests;
  } catch (cause) {
    throw new Error(`The ${suite} suite did not run:\n${output.slice(-4000)}`, { cause });
  }
}

async function prepareDatabase() {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query('DROP DATABASE IF EXISTS knex_test WITH (FORCE)');
  await client.query('DROP ROLE IF EXISTS testuser');
  await client.query("CREATE ROLE testuser SUPERUSER LOGIN PASSWORD 'knextest'");
  await client.query('CREATE DATABASE knex_test');
  await client.end();
}

try {
  process.exitCode = await main();
} finally {
  await server?.stop();
  rmSync(work, { recursive: true, force: true });
}
