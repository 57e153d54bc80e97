import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaOf } from '../jest/schema.mjs';

/** Writes the configuration of pg-evict for a project whose template has so many tables. */
export async function writeConfig(folder, tables) {
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
}
