import { createProject } from '../../support/config/project.js';

const map = { development: { maintenanceDatabase: 'dev' }, test: { maintenanceDatabase: 'test' } };

test('a map of environments is chosen from by --env, else NODE_ENV, else development', async () => {
  const project = createProject({ 'pg-evict.config.json': map });
  const load = async (options: object, env: Record<string, string> = {}): Promise<unknown> =>
    (await project.evaluate([['loadConfig', options]], { env }))[0]?.value;
  const file = project.path('pg-evict.config.json');
  expect(await load({})).toMatchObject({ config: map.development, env: 'development' });
  expect(await load({}, { NODE_ENV: 'test' })).toMatchObject({
    config: map.test,
    sources: { maintenanceDatabase: `${file}, test` },
  });
  expect(await load({ env: 'development' }, { NODE_ENV: 'test' })).toMatchObject({ config: map.development });
});

test.each([
  ['sync', `module.exports = ({ env }) => ({ maintenanceDatabase: env })`],
  ['async', `module.exports = async ({ env }) => ({ maintenanceDatabase: env })`],
  ['giving a map', `module.exports = () => ({ test: { maintenanceDatabase: 'test' } })`],
])('a function (%s) gets the environment', async (_kind, text) => {
  const project = createProject({ 'pg-evict.config.cjs': text });
  const [outcome] = await project.evaluate([['loadConfig', { env: 'test' }]]);
  expect(outcome?.value).toMatchObject({ config: { maintenanceDatabase: 'test' } });
});

test('a missing environment is refused, and the error lists the existing ones', async () => {
  const project = createProject({ 'pg-evict.config.json': map });
  const [outcome] = await project.evaluate([['loadConfig', { env: 'tset' }]]);
  expect(outcome?.error).toEqual({
    code: 'CONFIG_INVALID',
    message: `${project.path('pg-evict.config.json')} has no environment "tset". Did you mean "test"? It has "development", "test"; choose with --env or NODE_ENV.`,
  });
  const [inherited] = await project.evaluate([['loadConfig', { env: 'constructor' }]]);
  expect(inherited?.error?.message).toContain('has no environment "constructor"');
});

test('a configuration with sections only, and one with a mistyped section, are no maps of environments', async () => {
  const sections = createProject({ 'pg-evict.config.json': { sessions: { graceMs: 1 }, testing: {} } });
  expect((await sections.evaluate([['loadConfig']]))[0]?.value).toMatchObject({
    config: { sessions: { graceMs: 1 } },
  });
  const mistyped = createProject({ 'pg-evict.config.json': { sesions: { graceMs: 1 } } });
  expect((await mistyped.evaluate([['loadConfig']]))[0]?.error?.message).toContain(
    '"sesions" is not a setting (did you mean "sessions"?)',
  );
});
