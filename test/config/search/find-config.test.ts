import { chmodSync, statSync } from 'node:fs';
import { loadConfig } from '@pg-evict/config';
import { createProject, type Outcome, type Project } from '../../support/config/project.js';

const typescript = `
  import { defineConfig } from '@pg-evict/config';
  import { name } from './name';
  enum Host { here = 'db.example' }
  export default defineConfig({ connection: { host: Host.here as string, database: name satisfies string } });`;
const commonTypescript = `
  import { defineConfig } from '@pg-evict/config';
  const host: string = 'db.example';
  export = defineConfig({ connection: { host, database: 'app' } });`;
const esm = `export default { connection: { host: 'db.example', database: await Promise.resolve('app') } }`;
const commonJs = `module.exports = { connection: { host: require('node:path').basename('/db.example'), database: 'app' } }`;
const json = JSON.stringify({
  $schema: './schema.json',
  connection: { host: 'db.example', database: 'app' },
});
const yaml = `connection:\n  host: db.example\n  database: app\n`;
const expected = { connection: { host: 'db.example', database: 'app' } };

const inBoth = [
  ['pg-evict.config.ts', typescript],
  ['pg-evict.config.mts', typescript],
  ['pg-evict.config.cts', commonTypescript],
  ['pg-evict.config.mjs', esm],
  ['pg-evict.config.cjs', commonJs],
  ['pg-evict.config.json', json],
  ['pg-evict.config.yaml', yaml],
  ['pg-evict.config.yml', yaml],
  ['.pg-evictrc', yaml],
  ['.pg-evictrc', json],
  ['.pg-evictrc.json', json],
  ['.pg-evictrc.yaml', yaml],
  ['.pg-evictrc.ts', typescript],
  ['.pg-evictrc.cjs', commonJs],
] as const;

describe.each(['module', 'commonjs'])('in a project of type %s', (type) => {
  const files = [
    ...inBoth,
    ['pg-evict.config.js', type === 'module' ? esm : commonJs],
    ['.pg-evictrc.js', type === 'module' ? esm : commonJs],
  ] as const;
  let project: Project;
  let outcomes: Outcome[][];
  beforeAll(async () => {
    const folders = files.map(([name, text], index) => ({
      [`${index}/package.json`]: { type },
      [`${index}/name.ts`]: `export const name: string = 'app';`,
      [`${index}/${name}`]: text,
      [`${index}/src/deeper/file`]: '',
    }));
    project = createProject(Object.assign({}, ...folders) as Record<string, string | object>);
    outcomes = await Promise.all(
      [false, true].map(async (useCommonJs) =>
        project.evaluate(
          files.map((_, index) => ['loadConfig', { cwd: `${index}/src/deeper` }]),
          { commonJs: useCommonJs },
        ),
      ),
    );
  });

  test.each(files.map(([name], index) => [name, index] as const))(
    '%s is found from a folder further down and loaded by both builds',
    (name, index) => {
      for (const build of outcomes) {
        expect(build[index]?.error).toBeUndefined();
        expect(build[index]?.value).toMatchObject({
          filepath: project.path(`${index}/${name}`),
          config: expected,
          sources: { connection: project.path(`${index}/${name}`) },
        });
      }
    },
  );

  test('nothing is written', () => {
    expect(project.newFiles()).toEqual([]);
  });
});

test('"pg-evict" in package.json is found; a dependency with that name is not', async () => {
  const project = createProject({
    'package.json': { 'pg-evict': expected, devDependencies: { 'pg-evict': '1.0.0' } },
    'inner/package.json': { devDependencies: { 'pg-evict': '1.0.0' } },
    'package-lock.json': {},
  });
  const [outcome] = await project.evaluate([['loadConfig']], { cwd: 'inner' });
  expect(outcome?.value).toMatchObject({ config: expected, filepath: project.path('package.json') });
});

test('the search ends at the root of the repository, outside of one at the lockfile or package.json', async () => {
  const project = createProject({
    'pg-evict.config.json': json,
    'repository/.git/HEAD': '',
    'repository/app/package.json': {},
    'project/package-lock.json': {},
    'project/app/package.json': {},
    'package/package.json': {},
    'package/src/file': '',
    'plain/file': '',
  });
  const found = async (cwd: string): Promise<unknown> =>
    (await project.evaluate([['loadConfig']], { cwd }))[0]?.value;
  expect(await found('repository/app')).toMatchObject({ filepath: null, config: {} });
  expect(await found('project/app')).toMatchObject({ filepath: null });
  expect(await found('package/src')).toMatchObject({ filepath: null });
  expect(await found('plain')).toMatchObject({ filepath: project.path('pg-evict.config.json') });
});

test('a file given by its path is used whatever is beside it, relative to the folder', async () => {
  const project = createProject({
    'pg-evict.config.json': {},
    'settings/database.json': json,
    'settings/database.ts': commonTypescript,
    'settings/database.toml': '',
  });
  const [found, script, missing, unknown] = await project.evaluate([
    ['loadConfig', { path: 'settings/database.json' }],
    ['loadConfig', { path: 'settings/database.ts' }],
    ['loadConfig', { path: 'settings/nothing.json' }],
    ['loadConfig', { path: 'settings/database.toml' }],
  ]);
  expect(found?.value).toMatchObject({ config: expected, filepath: project.path('settings/database.json') });
  expect(script?.value).toMatchObject({ config: expected });
  expect(missing?.error).toEqual({
    code: 'CONFIG_INVALID',
    message: `${project.path('settings/nothing.json')} does not exist. Check the path.`,
  });
  expect(unknown?.error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('.yaml') });
});

test('two configurations side by side are refused, and so is an empty one', async () => {
  const two = createProject({ 'pg-evict.config.json': json, '.pg-evictrc': yaml });
  const [refused, named] = await two.evaluate([
    ['loadConfig'],
    ['loadConfig', { path: 'pg-evict.config.json' }],
  ]);
  expect(refused?.error?.message).toContain('pg-evict.config.json, .pg-evictrc');
  expect(named?.value).toMatchObject({ config: expected });
  const empty = createProject({ 'pg-evict.config.yaml': '\n' });
  expect((await empty.evaluate([['loadConfig']]))[0]?.error?.message).toMatch(/\.yaml is empty/);
});

test.each([
  ['pg-evict.config.json', '{ "connection": "postgres://me:s3cret@x"; }', /line 1|not valid JSON/],
  ['pg-evict.config.json', '{\n "connection": s3cret }', /is not valid JSON|not valid JSON/],
  ['pg-evict.config.yaml', 'connection: "postgres://me:s3cret@x\n', /yaml, line \d: unexpected end/],
  ['.pg-evictrc', 'a: 1\nconnection: *s3cret\n', /line 2: unidentified alias …/],
  [
    'pg-evict.config.ts',
    'export default {\n connection: "postgres://me:s3cret@x", a b }',
    /Unexpected token.*line 2/,
  ],
  ['pg-evict.config.mjs', 'export default { connection: "postgres://me:s3cret@x", a b }', /Unexpected/],
  ['pg-evict.config.mjs', 'import "./nothing.mjs"', /Cannot find module/],
  [
    'pg-evict.config.mjs',
    'throw new Error("cannot reach postgres://me:s3cret@x")',
    /cannot reach postgres:\/\/…@x/,
  ],
  ['pg-evict.config.mjs', 'export default () => { throw new Error("s3cret") }', /function .* failed/],
  [
    'package.json',
    '{ "pg-evict": { "connection": "postgres://me:s3cret@x" }',
    /JSON Error in .*package\.json/,
  ],
])(
  '%s with %j is told with its name and what to do, and without what is in it',
  async (name, text, message) => {
    const project = createProject({ [name]: text });
    const [outcome] = await project.evaluate([['loadConfig']]);
    expect(outcome?.error?.code).toBe('CONFIG_INVALID');
    expect(outcome?.error?.message).toContain(project.path(name));
    expect(outcome?.error?.message).toMatch(message);
    expect(outcome?.error?.message).toMatch(
      /\. (?:Correct it there|The file itself|Install|cosmiconfig|Its error is not shown)\b/,
    );
    expect(outcome?.error?.message).not.toContain('s3cret');
  },
);

test('a file that cannot find its import is reported, not skipped', async () => {
  const project = createProject({
    'pg-evict.config.mjs': `import { readFileSync } from 'node:fs'; readFileSync('nothing.pem'); export default {}`,
  });
  expect((await project.evaluate([['loadConfig']]))[0]?.error?.message).toMatch(/cannot be loaded: ENOENT/);
});

describe('a folder that may not be read', () => {
  /** As somebody who is not root, to whom all is readable. */
  const asNobody = { env: process.getuid?.() === 0 ? { SET_UID: '65534' } : {} };
  const modes: [string, number][] = [];
  const deny = (path: string, mode: number): void => {
    modes.push([path, statSync(path).mode]);
    chmodSync(path, mode);
  };
  afterEach(() => {
    for (const [path, mode] of modes.splice(0).toReversed()) chmodSync(path, mode);
  });
  const make = (files: Record<string, string | object>): Project => {
    const project = createProject(files);
    deny(project.folder, 0o755);
    return project;
  };

  test('is not treated as a folder without configuration', async () => {
    const project = make({ 'package-lock.json': {}, 'pg-evict.config.json': {}, 'src/file': '' });
    deny(project.path('src'), 0o600);
    const outcomes = await project.evaluate(
      [
        ['loadConfig', { cwd: 'src' }],
        ['findKnexfile', project.path('src')],
      ],
      asNobody,
    );
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['CONFIG_INVALID', 'CONFIG_INVALID']);
    expect(outcomes[0]?.error?.message).toContain(
      'src cannot be read (EACCES), and may have a configuration.',
    );
    expect(outcomes[1]?.error?.message).toContain('src cannot be read (EACCES), and may have a knexfile.');
  });

  test('but entered has its content', async () => {
    const project = make({ 'package-lock.json': {}, 'knexfile.js': '', 'src/file': '' });
    deny(project.folder, 0o711);
    const [found, none] = await project.evaluate(
      [
        ['findKnexfile', project.path('src')],
        ['loadConfig', { cwd: 'src' }],
      ],
      asNobody,
    );
    expect(found?.value).toBe(project.path('knexfile.js'));
    expect(none?.value).toMatchObject({ filepath: null });
  });

  test('is not searched for above the project', async () => {
    const project = make({ 'mine/package-lock.json': {}, 'mine/src/file': '' });
    deny(project.folder, 0o711);
    const [outcome] = await project.evaluate([['loadConfig', { cwd: 'mine/src' }]], asNobody);
    expect(outcome?.value).toMatchObject({ filepath: null });
  });

  test('nor is a package.json that may not be read one without a configuration', async () => {
    const project = make({ 'package.json': { 'pg-evict': {} } });
    deny(project.path('package.json'), 0o000);
    const [outcome] = await project.evaluate([['loadConfig']], asNobody);
    expect(outcome?.error?.message).toContain('package.json cannot be read (EACCES). Let this user read it.');
  });
});

test('a file is found, read and run once a process; a function is called for each environment', async () => {
  const project = createProject({
    'pg-evict.config.mjs': `
      globalThis.runs = (globalThis.runs ?? 0) + 1;
      export default ({ env }) => ({ maintenanceDatabase: env + globalThis.runs })`,
  });
  const outcomes = await project.evaluate([
    ['loadConfig', { env: 'a' }],
    ['loadConfig', { env: 'b' }],
    ['clearConfigCache'],
    ['loadConfig', { env: 'c' }],
  ]);
  expect(outcomes.flatMap(({ value }) => (value === undefined ? [] : [value]))).toMatchObject([
    { config: { maintenanceDatabase: 'a1' } },
    { config: { maintenanceDatabase: 'b1' } },
    { config: { maintenanceDatabase: 'c1' } },
  ]);
});

test.each([
  ['pg-evict.config.mjs', esm],
  ['pg-evict.config.cjs', commonJs],
  ['pg-evict.config.ts', typescript],
])('%s is loaded in a test that Jest runs, too, where Node has no import()', async (name, text) => {
  const project = createProject({ [name]: text, 'name.ts': `export const name: string = 'app';` });
  await expect(loadConfig({ cwd: project.folder })).resolves.toMatchObject({ config: expected });
});

test.each([
  ['imports', 'user.ts', `import { User } from './user';`],
  ['is', 'pg-evict.config.ts', `const Column = () => () => {}; class User { @Column() id!: number; }`],
])('a file that jiti cannot compile, which a configuration %s, is named', async (_how, file, begins) => {
  const project = createProject({
    'pg-evict.config.ts': `${begins}
      export default { testing: { template: { setup: async () => void new User() } } };`,
    'user.ts': `const Column = () => () => {};
      export class User { @Column() id!: number; }`,
  });
  const message = (await project.evaluate([['loadConfig']]))[0]?.error?.message;
  expect(message).toContain(`cannot be loaded: jiti cannot compile ${project.path(file)}: `);
  expect(message).toContain('testing.template.command');
});
