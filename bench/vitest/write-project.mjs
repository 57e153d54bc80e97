import { cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeConfig } from '../src/write-config.mjs';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Installs for all projects of a folder what they need. */
export async function installModules(parent) {
  const into = join(parent, 'node_modules');
  await mkdir(join(into, '@pg-evict'), { recursive: true });
  for (const name of ['pg', 'vitest']) await symlink(await realpath(join(modules, name)), join(into, name));
  const plugin = await realpath(join(modules, '@pg-evict/vitest'));
  const { dependencies } = JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    await symlink(await realpath(join(plugin, 'node_modules', name)), join(into, name));
  }
  // A link would have Vitest take it for a part of the project.
  for (const part of ['package.json', 'dist']) {
    await cp(join(plugin, part), join(into, '@pg-evict/vitest', part), { recursive: true });
  }
}

/** Writes a project with test files of one kind, for one method in one mode; returns its folder. */
export async function writeProject(parent, kind, method, mode, { files, workers, tables }) {
  const folder = join(parent, `${kind.name} ${method.name} ${mode.name}`.replaceAll(/\W+/g, '-'));
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "name": "bench", "private": true, "type": "module" }');
  const test = { ...mode.test, include: ['*.test.js'], maxWorkers: workers };
  const plugin = method.floor === true ? [] : ["import pgEvict from '@pg-evict/vitest';"];
  await writeFile(
    join(folder, 'vitest.config.js'),
    [
      ...plugin,
      `export default { plugins: [${plugin.length > 0 ? 'pgEvict()' : ''}], cacheDir: '.cache', test: ${JSON.stringify(test)} };`,
    ].join('\n'),
  );
  await writeConfig(folder, tables);
  for (let index = 0; index < files; index += 1) {
    await writeFile(join(folder, `file-${index}.test.js`), kind.code(index));
  }
  return folder;
}
