import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bin, cliEnvironment } from './support/run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'pg-evict-loading-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Every file a run loads: ECMAScript modules through a resolve hook, CommonJS modules from the cache. */
function filesLoadedBy(args: readonly string[]): string[] {
  const log = join(folder, 'log');
  const hooks = join(folder, 'hooks.mjs');
  const register = join(folder, 'register.mjs');
  writeFileSync(log, '');
  writeFileSync(
    hooks,
    `import { appendFileSync } from 'node:fs';
     export async function load(url, context, next) {
       appendFileSync(${JSON.stringify(log)}, url + '\\n');
       return next(url, context);
     }`,
  );
  writeFileSync(
    register,
    `import module from 'node:module';
     import { appendFileSync } from 'node:fs';
     module.register(${JSON.stringify(pathToFileURL(hooks).href)});
     process.on('exit', () => appendFileSync(${JSON.stringify(log)}, Object.keys(module._cache).join('\\n') + '\\n'));`,
  );
  try {
    execFileSync(process.execPath, ['--import', pathToFileURL(register).href, bin, ...args], {
      env: cliEnvironment(),
      stdio: 'pipe',
    });
  } catch {
    // The exit code is not what is asked here.
  }
  return readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

const driver = /node_modules\/pg\/|packages\/core\/dist/;
const display = /fast-string-truncated-width|yocto-spinner|session-table/;

test('the measuring sees the driver where it is loaded', () => {
  expect(filesLoadedBy(['drop', 'postgres', '-y']).join('\n')).toMatch(driver);
});

test.each([[['--version']], [['--help']], [['help', 'recreate']], [['recreate', '--help']], [['drpo']]])(
  '%j loads neither the driver nor core nor anything that draws',
  (args) => {
    const files = filesLoadedBy(args).join('\n');
    expect(files).toContain('commander');
    expect(files).not.toMatch(driver);
    expect(files).not.toMatch(display);
  },
);

test('a project without a configuration pays for neither cosmiconfig nor jiti nor the schema', () => {
  const files = filesLoadedBy(['drop', 'postgres', '-y']).join('\n');
  expect(files).toContain('resolve-target');
  expect(files).not.toMatch(/cosmiconfig|jiti|valibot|js-yaml/);
});

test('no command loads the spinner before it is needed', () => {
  expect(filesLoadedBy(['drop', 'postgres', '-y']).join('\n')).not.toMatch(/yocto-spinner/);
});
