import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/** Where Debian keeps the programs that its dropdb and createdb, a Perl script, choose from. */
const debianVersions = '/usr/lib/postgresql';

/**
 * Where dropdb and createdb can be run from: as PATH finds them and, where that is Debian's wrapper, the programs
 * themselves, as other systems have them in PATH. Empty where they are not installed.
 */
export function findClientTools() {
  const directory = (process.env['PATH'] ?? '').split(delimiter).find(hasTools);
  if (directory === undefined) return [];
  if (basename(realpathSync(join(directory, 'dropdb'))) !== 'pg_wrapper') return [{ name: '', directory }];
  const programs = readdirSync(debianVersions)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(debianVersions, version, 'bin'))
    .find(hasTools);
  return [
    { name: " (through Debian's pg_wrapper)", directory },
    ...(programs === undefined ? [] : [{ name: '', directory: programs }]),
  ];
}

function hasTools(directory) {
  return ['dropdb', 'createdb'].every((tool) => existsSync(join(directory, tool)));
}
