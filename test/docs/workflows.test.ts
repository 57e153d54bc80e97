import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

// What GitHub runs cannot be run here; what it says can be compared with what there is.
const root = resolve(__dirname, '../..');
const folder = resolve(root, '.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(resolve(folder, name), 'utf8')] as const,
);
const ci = readFileSync(resolve(folder, 'ci.yml'), 'utf8');

test.each(workflows)(
  '%s pins every action by its hash, may only read unless a job says more, and ends',
  (_name, text) => {
    const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action = '']) => action);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    const jobs = text.match(/^ {4}runs-on: /gm) ?? [];
    expect(text.match(/^ {4}timeout-minutes: \d+$/gm)).toHaveLength(jobs.length);
  },
);

test('CI runs every lane of .ci/run, on every version that is supported', () => {
  const lanes = [
    ...readFileSync(resolve(root, '.ci/run'), 'utf8').matchAll(
      /^(?:spare )?(?:lane|pooled|beside) +(\w+) /gm,
    ),
  ].map(([, lane = '']) => lane);
  const run = [...ci.matchAll(/bash \.ci\/run ([\w ]+)/g)].flatMap(([, names = '']) => names.split(' '));
  expect(run.filter((lane) => !lanes.includes(lane))).toEqual([]);
  // The tests, under each Node and on each major, are a matrix.
  const ofEachVersion = ['test', 'commands', 'runners', 'node24', 'majors', 'node22', 'node26'];
  expect(lanes.filter((lane) => !run.includes(lane))).toEqual(ofEachVersion);
  expect(ci).toContain(
    'corepack pnpm test\n      - run: corepack pnpm --filter @pg-evict/test test:commands\n      - run: corepack pnpm --filter @pg-evict/test test:runners',
  );
  expect(ci).toContain('os: [ubuntu-24.04, macos-15]');
  expect(ci.match(/node: \[20, 22, 24, 26\]/g)).toHaveLength(2);
  expect(ci).toContain('version: [13, 14, 15, 16, 17, 18]');
});

test('scripts of the workspace that workflows call are there', () => {
  const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: object };
  const called = workflows.flatMap(([, text]) =>
    [...text.matchAll(/(?:corepack pnpm|pnpm run) (?!install|exec)(\w+)/g)].map(([, script = '']) => script),
  );
  expect(called.length).toBeGreaterThan(3);
  expect(called.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
});
