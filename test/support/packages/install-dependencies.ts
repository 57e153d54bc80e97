import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './run.js';
import { workspaceRoot } from './pack-workspace.js';

export type PackageManager = 'npm' | 'pnpm';

/**
 * Installs dependencies into a folder that has a package.json, as a user's project would. Ours among them also replace
 * what the others ask of them, which no registry has.
 */
export async function installDependencies(
  folder: string,
  manager: PackageManager,
  dependencies: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<void> {
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as object;
  const ours = Object.fromEntries(
    Object.entries(dependencies).filter(([, spec]) => spec.startsWith('file:')),
  );
  const overrides = manager === 'npm' ? {} : { pnpm: { overrides: ours } };
  await writeFile(file, JSON.stringify({ ...manifest, dependencies, ...overrides }));
  if (manager === 'npm') {
    await run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...options]);
  } else {
    const pnpm = resolve(workspaceRoot, 'node_modules/.bin/pnpm');
    await run(folder, pnpm, [
      'install',
      '--ignore-workspace',
      '--no-lockfile',
      '--config.auto-install-peers=true',
      ...options,
    ]);
  }
}
