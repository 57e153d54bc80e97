import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCli } from '../support/cli/run-cli.js';
import { Scratch } from '../support/scratch.js';
import { serverUrl, uniqueName } from '../support/server.js';
import { openSession } from '../support/sessions.js';

const scratch = new Scratch();
let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-json-')));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'knexfile.js'), `module.exports = { client: 'pg', connection: {} };`);
  mkdirSync(join(folder, 'migrations'));
  symlinkSync(resolve(__dirname, '../node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'dump.sql'), 'CREATE TABLE restored ();\n');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await scratch.cleanUp();
});

/** What the page says of each kind of document: the fields, and where one is not in all of them, in which. */
const page = new Map(
  readFileSync(resolve(__dirname, '../../docs/json.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      const fields = lines.flatMap((line) => {
        const [, field, , only = ''] = /^\| `(\w+)` +\|([^|]*)\|(?:([^|]*)\|)?$/.exec(line) ?? [];
        return field === undefined ? [] : [{ field, only }];
      });
      return [heading.trim(), fields] as const;
    }),
);

/** The fields that a command's document must have, in the order of the page; `some` may be in it. */
function fieldsOf(heading: string, command = heading): { all: string[]; some: string[] } {
  const fields = page.get(heading) ?? [];
  const names = (test: (only: string) => boolean): string[] =>
    fields.filter(({ only }) => test(only.trim())).map(({ field }) => field);
  return {
    all: names((only) => only === '' || only.includes(`\`${command}\``)),
    some: names((o) => o === 'some'),
  };
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await runCli(['--json', ...args], {}, folder);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function expectFields(document: unknown, { all, some }: { all: string[]; some: string[] }): void {
  expect(all.length).toBeGreaterThan(0);
  const fields = Object.keys(document as object);
  expect(fields.filter((field) => !some.includes(field)).toSorted()).toEqual(all.toSorted());
}

const hasPsql = spawnSync('psql', ['--version']).status === 0;
if (!hasPsql) process.stderr.write('SKIPPED: there is no psql, which restores a dump in SQL.\n');

const operations = 'drop, create, recreate, fresh, restore, undo, rename, swap, clone, run';

test('every command prints the fields that the page of JSON says, and no others', async () => {
  const database = await scratch.database();
  const [copy, renamed] = [scratch.newName('copy'), scratch.newName('renamed')];
  const url = ['--url', serverUrl({ database })];
  await openSession(serverUrl({ database }));

  const sessions = await json('sessions', ...url);
  expectFields(sessions, fieldsOf('sessions'));
  expectFields((sessions['sessions'] as unknown[])[0], fieldsOf('A session'));
  expectFields(await json('terminate', '--cancel', ...url), fieldsOf('terminate', '--cancel'));
  expectFields(await json('terminate', ...url), fieldsOf('terminate'));

  for (const [command = '', ...words] of [
    ['recreate', '--yes'],
    ['recreate', '--yes', '--dry-run'],
    ['fresh', '--yes', '--knexfile', 'knexfile.js'],
    ...(hasPsql ? [['restore', 'dump.sql', '--yes']] : []),
    ['create', copy],
    ['drop', copy, '--yes'],
    ['clone', copy],
    ['rename', copy, renamed],
    ['swap', renamed],
    ['swap', renamed],
    ['recreate', '--yes', '--undo', '1h'],
    ['undo', '--yes'],
    ['run', database, '--', process.execPath, '--version'],
  ]) {
    const document = await json(command, ...url, ...words);
    expect(document).toMatchObject({ command, changed: true });
    expectFields(document, fieldsOf(operations, command));
  }

  for (const command of ['protect', 'unprotect']) {
    expectFields(await json(command, ...url, '--yes'), fieldsOf('protect, unprotect'));
  }
  expectFields(await json('sweep', ...url, '--dry-run'), fieldsOf('sweep'));
  expectFields(await json('doctor', ...url), fieldsOf('doctor'));
  expectFields(await json('init', '--dry-run'), fieldsOf('init'));

  const { error } = await json('drop', uniqueName('missing'), '--yes', ...url);
  expectFields(error, fieldsOf('A failure'));
});
