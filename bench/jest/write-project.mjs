import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaOf } from './schema.mjs';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Writes a project with test files of one kind, for one method; returns its folder. */
export async function writeProject(parent, kind, method, { files, tables }) {
  const folder = join(parent, `${kind.name} ${method.name}`.replaceAll(/\W+/g, '-'));
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
  await writeFile(
    join(folder, 'pg-evict.config.cjs'),
    `const schema = ${JSON.stringify(schemaOf(tables))};
module.exports = {
  testing: {
    server: 'connection',
    template: {
      inputs: ['pg-evict.config.cjs'],
      async setup(url) {
        const { Client } = require('pg');
        const client = new Client(url);
        await client.connect();
        await client.query(schema);
        await client.end();
      },
    },
  },
};
`,
  );
  for (let index = 0; index < files; index += 1) {
    await writeFile(join(folder, `file-${index}.test.js`), kind.code(index));
  }
  return folder;
}
