import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { findClientTools } from '../src/find-client-tools.mjs';
import { runProcess } from '../src/run-process.mjs';
import { schemaOf } from './schema.mjs';

/** What pg-evict is compared with. It is large, and nothing else needs it. */
const versions = { '@electric-sql/pglite': '0.5.17', 'pgsql-test': '4.16.2' };

/**
 * Installs the packages that methods are from, into the folder that the projects are written to.
 *
 * @returns why some cannot be used, by their name
 */
export async function installPeers(folder, methods, tables) {
  const missing = new Map();
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  for (const peer of new Set(methods.flatMap((method) => method.peer ?? []))) {
    try {
      await install(folder, peer);
      if (peer === '@electric-sql/pglite') await dumpPglite(folder, tables);
      else if (findClientTools().length === 0) missing.set(peer, 'needs psql and createdb in PATH');
    } catch (error) {
      missing.set(peer, `could not be installed (${error.message.split('\n', 1)[0]})`);
    }
  }
  return missing;
}

async function install(folder, peer) {
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
  await runProcess('npm', ['install', ...flags, `${peer}@${versions[peer]}`], {}, folder);
}

/** The template for PGlite, to be loaded: faster than to make a database and its tables anew. */
async function dumpPglite(folder, tables) {
  const { PGlite } = createRequire(join(folder, 'package.json'))('@electric-sql/pglite');
  const database = await PGlite.create();
  await database.exec(schemaOf(tables));
  const dump = await database.dumpDataDir('none');
  await database.close();
  await writeFile(join(folder, 'pglite.tar'), new Uint8Array(await dump.arrayBuffer()));
}
