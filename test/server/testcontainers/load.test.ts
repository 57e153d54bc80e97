import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isServerError, startServer, type TestcontainersServerOptions } from '@pg-evict/server';
import { makeBareProject, removeParentDirectory } from '../../support/server/parent-directory.js';

// What happens before an engine is asked for. The rest is in test/docker.

let project: string;

// pnpm lets the programs it runs find everything that is installed in the workspace.
const { NODE_PATH: _, ...env } = process.env;

beforeEach(() => {
  // Holds @pg-evict/server, and no testcontainers beside it.
  project = makeBareProject();
});

afterEach(() => {
  removeParentDirectory(project);
});

/** What a start fails with in that project. */
function failureIn(options: object = {}): { code: string; message: string } {
  const fixture = join(project, 'fixtures', 'start-server.mjs');
  const args = [fixture, JSON.stringify({ kind: 'testcontainers', ...options }), 'stop'];
  const output = execFileSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
  return JSON.parse(output.split('\n')[1] ?? '') as { code: string; message: string };
}

function installTestcontainers(version: string, main = ''): void {
  const folder = join(project, 'node_modules', 'testcontainers');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'testcontainers', version }));
  writeFileSync(join(folder, 'index.js'), main);
}

describe('a start with testcontainers', () => {
  it('if it is not installed, says how to install one that runs on this Node', () => {
    const { code, message } = failureIn();
    expect(code).toBe('PACKAGE_MISSING');
    expect(message).toMatch(/npm install --save-dev testcontainers@1[12]$/);
  });

  it('of a major that is not supported says which was found', () => {
    installTestcontainers('10.28.0');
    const { code, message } = failureIn();
    expect(code).toBe('PACKAGE_MISSING');
    expect(message).toContain('Found only 10.28.0');
  });

  it('that cannot be loaded says why', () => {
    installTestcontainers('12.2.0', "throw new Error('needs another Node')");
    const { code, message } = failureIn();
    expect(code).toBe('PACKAGE_BROKEN');
    expect(message).toContain('needs another Node');
    expect(message).toContain(process.versions.node);
  });

  it.each<[string, Partial<TestcontainersServerOptions>]>([
    ['an image and a version', { image: 'postgres:18', version: 18 }],
    ['an empty image', { image: '' }],
    ['a version that is no major', { version: 17.2 }],
    ['a version that is too old', { version: 12 }],
    ['a setting that startServer chooses', { settings: { port: 5432 } }],
    ['a timeout that is none', { startTimeoutMs: 0 }],
  ])('with %s is refused', async (_what, options) => {
    const error = await startServer({ kind: 'testcontainers', ...options }).catch(
      (reason: unknown) => reason,
    );
    expect(isServerError(error) && error.code).toBe('OPTIONS_INVALID');
  });
});

it.each(['require', 'import'])('@pg-evict/server, loaded by %s, loads no testcontainers', (how) => {
  installTestcontainers('11.14.0', "console.log('loaded')");
  const load = how === 'require' ? "require('@pg-evict/server')" : "(await import('@pg-evict/server'))";
  const type = how === 'require' ? 'commonjs' : 'module';
  const run = (code: string): string =>
    execFileSync(process.execPath, [`--input-type=${type}`, '--eval', code], {
      cwd: project,
      env,
      encoding: 'utf8',
    });
  expect(run(load)).toBe('');
  expect(run(`${load}.startServer({ kind: 'testcontainers' }).catch(() => undefined)`)).toBe('loaded\n');
});
