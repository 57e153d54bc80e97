import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PgEvictError } from '../context/engine.js';
import type { Dump } from './dump.js';
import { PlainDump } from './plain-dump.js';

/** How much is looked at: enough for what stands at the top of a dump. */
const headBytes = 256 * 1024;

/** What is no dump for us, by how it begins. */
const foreign: readonly (readonly [string, string, string])[] = [
  ['28b52ffd', 'compressed by zstd', 'Decompress it first: zstd -d.'],
  ['fd377a585a00', 'compressed by xz', 'Decompress it first: xz -d.'],
  ['425a68', 'compressed by bzip2', 'Decompress it first: bzip2 -d.'],
  ['04224d18', 'compressed by lz4', 'Decompress it first: lz4 -d.'],
  ['504b0304', 'a ZIP archive', 'Unpack it first.'],
  ['fffe', 'in UTF-16', "Make it by pg_dump --file, not by PowerShell's >."],
  ['feff', 'in UTF-16', "Make it by pg_dump --file, not by PowerShell's >."],
];

/** How JSON, XML, Markdown and scripts begin, after comments at most, and no statement of SQL does. */
const beginsOtherwise = /^(?:\u00EF\u00BB\u00BF)?(?:\s|--[^\n]*\n)*[{[<#%]/;

/**
 * Tells what a dump is by what is in it. Of a plain one the top is looked through already.
 *
 * @throws PgEvictError `CONFIG_INVALID` if there is none, or it is none
 */
export async function recognizeDump(path: string): Promise<Dump> {
  const refuse = (problem: string, hint?: string): never => {
    throw new PgEvictError('CONFIG_INVALID', `${problem}.`, { hint });
  };
  const unreadable = (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return refuse(
        `There is no dump ${path}`,
        'Check the path; the dump comes last: pg-evict restore [database] <dump>',
      );
    return refuse(`The dump ${path} cannot be read: ${message}`);
  };
  const stats = await stat(path).catch(unreadable);
  if (stats.isDirectory()) {
    const files = await readdir(path).catch(unreadable);
    // pg_dump since 16 may compress it.
    if (files.some((name) => /^toc\.dat(?:\.|$)/.test(name)))
      return { path, format: 'directory', gzipped: false };
    return refuse(`The directory ${path} is no dump: there is no ${join(path, 'toc.dat')}`);
  }
  if (!stats.isFile())
    refuse(`The dump ${path} is no file`, 'It is read more than once: write it to a file first.');
  if (stats.size === 0)
    refuse(`The dump ${path} is empty`, 'Make it anew, and look whether pg_dump succeeded.');

  const head = await readHead(createReadStream(path)).catch(unreadable);
  const gzipped = head[0] === 0x1f && head[1] === 0x8b;
  const inner = gzipped
    ? await readHead(openDump({ path, format: 'plain', gzipped })).catch((error: unknown) =>
        refuse(`The dump ${path} is gzip, but broken: ${(error as Error).message}`, 'Make it anew.'),
      )
    : head;
  const format = formatOf(inner);
  if (format !== undefined && gzipped) {
    refuse(
      `The dump ${path} is a ${format} dump within gzip`,
      'pg_restore cannot read that: gunzip it first.',
    );
  }
  if (format !== undefined) return { path, format, gzipped: false };
  const begins = inner.toString('hex', 0, 8);
  const [, what, hint] = foreign.find(([magic]) => begins.startsWith(magic)) ?? [];
  if (what !== undefined) refuse(`The dump ${path} is ${what}`, hint);
  if (inner.includes(0) || beginsOtherwise.test(inner.toString('latin1'))) {
    refuse(
      `The file ${path} is no dump of PostgreSQL`,
      'pg_dump writes them: custom, directory, tar or plain SQL.',
    );
  }
  new PlainDump(path).push(inner);
  return { path, format: 'plain', gzipped };
}

/** The bytes of a plain dump. */
export function openDump({ path, gzipped }: Dump): Readable {
  const file = createReadStream(path);
  if (!gzipped) return file;
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => file.destroy());
  return file.pipe(gunzip);
}

function formatOf(head: Buffer): 'custom' | 'tar' | undefined {
  if (head.toString('latin1', 0, 5) === 'PGDMP') return 'custom';
  // Its table of contents is the first member that pg_dump writes.
  const isTar = head.toString('latin1', 257, 262) === 'ustar';
  return isTar && head.toString('latin1', 0, 8) === 'toc.dat\0' ? 'tar' : undefined;
}

async function readHead(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= headBytes) break;
  }
  return Buffer.concat(chunks);
}
