import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveEntry, readArchiveEntries } from './archive-contents.js';
import type { Compression, Dump } from './dump.js';
import { findCutMember } from './find-cut-member.js';
import { readTail } from './read-tail.js';

/**
 * Looks for a part of an archive that is cut off. pg_restore notices it by itself only in a custom dump, and in files
 * that are compressed by gzip; of others it restores the rows that are there, without an error.
 *
 * Large objects are not examined: their files may end anywhere.
 *
 * @returns what is missing, in a clause; `undefined` if nothing is, as far as can be seen
 */
export async function findCutPart(dump: Dump): Promise<string | undefined> {
  if (dump.format === 'tar') return findCutMember(dump.path);
  if (dump.format !== 'directory') return undefined;
  for (const entry of (await readArchiveEntries(dump)) ?? []) {
    const missing = entry.hasData && entry.file !== '' ? await missingOf(dump, entry) : undefined;
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** The ends of the names of data files. */
const compressions: readonly (readonly [string, Compression | undefined])[] = [
  ['', undefined],
  ['.gz', 'gzip'],
  ['.lz4', 'lz4'],
  ['.zst', 'zstd'],
];

async function missingOf({ path: folder }: Dump, entry: ArchiveEntry): Promise<string | undefined> {
  for (const [extension, compression] of compressions) {
    const name = `${entry.file}${extension}`;
    const path = join(folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) continue;
    if (stats.size === 0) return `the file ${name} is empty`;
    if (entry.kind !== 'TABLE DATA' || compression === 'gzip') return undefined;
    const end = endOf(entry);
    const tail = await readTail({ path, compression, bytes: stats.size }, end.length);
    if (tail === undefined || tail === end) return undefined;
    return `the file ${name}, with rows of table "${entry.tag}", does not end as pg_dump ends it`;
  }
  return `there is no file ${entry.file}`;
}

/** The end of a table's data (`dumpTableData_copy()` and `dumpTableData_insert()`, src/bin/pg_dump/pg_dump.c). */
const endOf = ({ copy }: ArchiveEntry): string => (copy.length > 0 ? '\\.\n\n\n' : '\n\n');
