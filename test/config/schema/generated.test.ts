import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { defineConfig, type Config } from '@pg-evict/config';

test('types, JSON schema and the tables of docs/configuration.md are those of the schema', async () => {
  const script = resolve(__dirname, '../../../packages/config/scripts/generate.mjs');
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toMatchObject({
    stderr: '',
  });
});

test('the types take what the schema takes, and defineConfig gives back what it gets', () => {
  const config: Config = {
    connection: async () => ({ host: 'x', port: '5432', password: () => 'pw' }),
    admin: { user: 'postgres' },
    maintenanceDatabase: 'postgres',
    knexfile: './knexfile.ts',
    protect: ['prod*', { host: '*.rds.amazonaws.com' }],
    sessions: { graceMs: 0, timeoutMs: '30s', keep: [{ application: 'pgAdmin*' }] },
    testing: { server: 'embedded', template: { knex: true, seed: true }, isolation: 'file', leaks: 'fail' },
  };
  expect(defineConfig(config)).toBe(config);
  const byEnvironment = defineConfig(({ env }) => ({ [env]: config }));
  expect(byEnvironment({ env: 'test' })).toEqual({ test: config });
  // @ts-expect-error a mistyped key
  defineConfig({ protcet: [], connection: 'x' });
  // @ts-expect-error a mistyped section
  defineConfig({ sesions: { graceMs: 5 } });
});
