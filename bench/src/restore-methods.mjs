import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** The commands that restore a dump over a database, beside each other. Each ends with the new database in its place. */
export function restoreMethods(database, { plain, custom }) {
  const manifest = require.resolve('pg-evict/package.json');
  const bin = join(manifest, '..', require(manifest).bin['pg-evict']);
  const anew = `dropdb --if-exists ${database} && createdb --template=template0 ${database}`;
  return [
    {
      group: 'plain',
      name: '`dropdb && createdb && psql -f`',
      isOurs: false,
      program: '/bin/sh',
      args: ['-c', `${anew} && exec psql -X -q -v ON_ERROR_STOP=1 -d ${database} -f ${plain}`],
    },
    {
      group: 'plain',
      name: '`pg-evict restore`',
      isOurs: true,
      program: process.execPath,
      args: [bin, 'restore', database, plain, '--yes', '--no-undo'],
    },
    {
      group: 'custom',
      name: '`dropdb && createdb && pg_restore -j 2`',
      isOurs: false,
      program: '/bin/sh',
      args: ['-c', `${anew} && exec pg_restore --exit-on-error -j 2 -d ${database} ${custom}`],
    },
    {
      group: 'custom',
      name: '`pg-evict restore --jobs 2`',
      isOurs: true,
      program: process.execPath,
      args: [bin, 'restore', database, custom, '--yes', '--no-undo', '--jobs', '2'],
    },
  ];
}
