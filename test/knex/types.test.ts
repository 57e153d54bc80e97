import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { knexProject, knexVersions } from '../support/knex/knex-versions.js';
import { runNode } from '../support/knex/run-knex.js';

const compiler = resolve(__dirname, '../../node_modules/typescript/bin/tsc');

const correct = `
import { migrateFresh, recreateDatabase, terminateSessions, dropDatabase, withPgEvict } from '@pg-evict/knex';
import { knex, type Knex } from 'knex';

const config: Knex.Config = { client: 'pg', connection: 'postgres://localhost/x' };
const same: Knex.Config = withPgEvict(config, { evict: true, ensureDatabase: true, timeoutMs: 1000 });
const map: { development: Knex.Config; test: Knex.Config } = withPgEvict({ development: config, test: config });
const provide: () => Promise<Knex.Config> = withPgEvict(async () => Promise.resolve(config));
const literal: string = withPgEvict({ client: 'pg', connection: 'x' }).connection;
export async function use(): Promise<readonly string[]> {
  const instance = knex(same);
  const { changed }: { changed: boolean } = await recreateDatabase(instance, { keep: [], ifNotExists: true });
  await terminateSessions(instance, { filter: { state: 'idle' } });
  await dropDatabase(instance, { ifExists: changed, protect: ['prod*'] });
  const { migrations } = await migrateFresh(instance, { seed: true, onMigration: (name: string) => name.length });
  return migrations;
}
export { map, provide, literal };
`;

const wrong = `
import { migrateFresh, withPgEvict } from '@pg-evict/knex';
import { knex } from 'knex';
// @ts-expect-error -- no such option
withPgEvict({ client: 'pg' }, { evit: true });
// @ts-expect-error -- not a configuration
withPgEvict(42);
// @ts-expect-error -- not a number
withPgEvict({ client: 'pg' }, { timeoutMs: '1s' });
// @ts-expect-error -- not a boolean
void migrateFresh(knex({ client: 'pg' }), { seed: 'yes' });
// @ts-expect-error -- not an instance
void migrateFresh({ client: 'pg' });
`;

it.each(knexVersions)('the types hold, strictly, against those of %s', async (version) => {
  const project = knexProject(version);
  const directory = join(project.directory, 'types');
  mkdirSync(directory);
  // For knex 1, whose typings name those of Node.
  mkdirSync(join(project.directory, 'node_modules/@types'), { recursive: true });
  symlinkSync(
    resolve(__dirname, '../../node_modules/@types/node'),
    join(project.directory, 'node_modules/@types/node'),
    'junction',
  );
  writeFileSync(join(directory, 'correct.ts'), correct);
  writeFileSync(join(directory, 'wrong.ts'), wrong);
  const options = '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck';
  const outcome = await runNode(directory, [
    compiler,
    ...options.split(' '),
    ...'--module nodenext --target es2022 --esModuleInterop --types node correct.ts wrong.ts'.split(' '),
  ]);
  project.remove();
  rmSync(directory, { recursive: true, force: true });
  expect(outcome).toEqual({ code: 0, output: '' });
});
