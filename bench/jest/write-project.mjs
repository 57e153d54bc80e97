import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeConfig } from '../src/write-config.mjs';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Writes a project with test files of one kind, for one method; returns its folder. */
export async function writeProject(parent, kind, method, { files, tables }) {
  const folder = join(parent, `${kind.name} ${method.name} ${files}`.replaceAll(/\W+/g, '-'));
  await mkdir(folder);
  await symlink(modules, join(folder, 'node_modules'), 'junction');
  const config = {
    rootDir: folder,
    transform: {},
    ...(method.preset === undefined ? {} : { preset: method.preset }),
    ...(method.environment === undefined ? {} : { testEnvironment: fileURLToPath(method.environment) }),
  };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'bench', private: true, jest: config }),
  );
  await writeConfig(folder, tables);
  for (let index = 0; index < files; index += 1) {
    await writeFile(join(folder, `file-${index}.test.js`), kind.code(index, method.client));
  }
  return folder;
}
