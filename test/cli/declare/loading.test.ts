import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, cliEnvironment } from '../../support/cli/run-cli.js';

/** What V8 says of the functions of a script, as far as it is read here. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

/**
 * Every file a run loads: its own files, and the modules in the bundle that were run. Each of those is a function there
 * that is named after its file; V8 counts the calls.
 */
function filesLoadedBy(args: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pg-evict-loading-'));
  try {
    // The exit code is not what is asked here.
    spawnSync(process.execPath, [bin, ...args], { env: { ...cliEnvironment(), NODE_V8_COVERAGE: folder } });
    const [report = ''] = readdirSync(folder);
    const { result } = JSON.parse(readFileSync(join(folder, report), 'utf8')) as Coverage;
    return result.flatMap(({ url, functions }) => [
      url,
      ...functions
        .filter(({ functionName, ranges }) => functionName.includes('/') && ranges[0]?.count !== 0)
        .map(({ functionName }) => functionName),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const driver = /node_modules\/pg\/|\/core\/dist\/esm\/(?!text\/|internal-text|contract\/remedy)/;
const display = /fast-string-truncated-width|yocto-spinner|session-table/;

test('the measurement sees the driver if it is loaded', () => {
  expect(filesLoadedBy(['drop', 'postgres', '-y']).join('\n')).toMatch(driver);
});

test.each([
  [['--version']],
  [['--help']],
  [['help', 'recreate']],
  [['recreate', '--help']],
  [['drpo']],
  [['drpo', '--json']],
])('%j loads neither the driver nor core nor anything that draws', (args) => {
  const files = filesLoadedBy(args).join('\n');
  expect(files).toContain('commander');
  expect(files).not.toMatch(driver);
  expect(files).not.toMatch(display);
});

test('a project without a configuration loads neither cosmiconfig nor jiti nor the schema', () => {
  const files = filesLoadedBy(['drop', 'postgres', '-y']).join('\n');
  expect(files).toContain('resolve-target');
  expect(files).not.toMatch(/cosmiconfig|jiti|valibot|js-yaml/);
});

test('no command loads the spinner before it is needed', () => {
  expect(filesLoadedBy(['drop', 'postgres', '-y']).join('\n')).not.toMatch(/yocto-spinner/);
});
