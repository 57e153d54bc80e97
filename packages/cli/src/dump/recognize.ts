import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PgEvictError } from '../context/engine.js';
import type { Compression, Dump } from './dump.js';
import { missingUnpacker, openDump, unpackers } from './open.js';
import { type Survey, surveyDump } from './survey.js';

/** The size of the part that is examined: enough for the header of a dump. */
const headBytes = 256 * 1024;

/** How compressed files begin. */
const compressed: readonly (readonly [string, Compression])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
];

/** Files that are not dumps, by their first bytes. */
const foreign: readonly (readonly [string, string, string])[] = [
  ['504b0304', 'a ZIP archive', 'Unpack it first.'],
  ['fffe', 'in UTF-16', "Make it by pg_dump --file, not by PowerShell's >."],
  ['feff', 'in UTF-16', "Make it by pg_dump --file, not by PowerShell's >."],
];

/**
 * The first characters of JSON, XML, Markdown and scripts, after comments at most; no SQL statement begins with them.
 */
const beginsOtherwise = /^(?:\u00EF\u00BB\u00BF)?(?:\s|--[^\n]*\n)*[{[<#%]/;

/** A dump, and the facts at the top of a plain one. */
export interface RecognizedDump {
  readonly dump: Dump;
  readonly survey: Survey | undefined;
}

/**
 * Determines the format of a dump by its content. The top of a plain one is already examined here.
 *
 * @throws PgEvictError `CONFIG_INVALID` if the file does not exist, or is not a dump
 */
export async function recognizeDump(path: string): Promise<RecognizedDump> {
  const stats = await stat(path).catch((error: unknown) => unreadable(path, error));
  if (stats.isDirectory()) return { dump: await recognizeDirectory(path), survey: undefined };
  if (!stats.isFile())
    refuse(
      `The dump ${path} is not a regular file`,
      'A dump is read more than once: save it to a file first.',
    );
  if (stats.size === 0)
    refuse(`The dump ${path} is empty`, 'Create it again, and check that pg_dump succeeded.');

  const file = { path, bytes: stats.size };
  const head = await readHead(createReadStream(path)).catch((error: unknown) => unreadable(path, error));
  const compression = compressed.find(([magic]) => head.toString('hex', 0, 8).startsWith(magic))?.[1];
  const inner = compression === undefined ? head : await readUnpackedHead(path, compression);
  const format = formatOf(inner);
  if (format !== undefined && compression !== undefined) {
    refuse(
      `The dump ${path} is a ${format} dump within ${compression}`,
      `pg_restore cannot read that: unpack it first (${compression === 'gzip' ? 'gunzip' : `${unpackers[compression]} -d`}).`,
    );
  }
  if (format === 'custom') refuseTerminalDamage(path, inner);
  if (format !== undefined) return { dump: { ...file, format, compression: undefined }, survey: undefined };
  refuseForeign(path, inner);
  const survey = await surveyDump(inner, inner.length < headBytes);
  return { dump: { ...file, format: 'plain', compression }, survey };
}

async function recognizeDirectory(path: string): Promise<Dump> {
  const files = await readdir(path).catch((error: unknown) => unreadable(path, error));
  // pg_dump since 16 may compress it.
  if (!files.some((name) => /^toc\.dat(?:\.|$)/.test(name)))
    refuse(`The directory ${path} is not a dump: there is no ${join(path, 'toc.dat')}`);
  const sizes = await Promise.all(files.map(async (name) => stat(join(path, name)))).catch((error: unknown) =>
    unreadable(path, error),
  );
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  return { path, format: 'directory', compression: undefined, bytes };
}

async function readUnpackedHead(path: string, compression: Compression): Promise<Buffer> {
  const missing = missingUnpacker(compression);
  if (missing !== undefined) {
    refuse(
      `The dump ${path} is compressed by ${compression}, and there is no ${missing} on PATH to unpack it`,
      `Install ${missing}, or unpack the dump first.`,
    );
  }
  return readHead(openDump({ path, compression }).content).catch((error: unknown) =>
    refuse(
      `The dump ${path} is compressed by ${compression}, but broken: ${(error as Error).message}`,
      'Create it again.',
    ),
  );
}

/** pg_dump writes line ends as one byte; a terminal makes two of each. */
function refuseTerminalDamage(path: string, head: Buffer): void {
  const text = head.toString('latin1');
  const lineEnds = text.match(/\n/g)?.length ?? 0;
  if (lineEnds === 0 || lineEnds !== text.match(/\r\n/g)?.length) return;
  refuse(
    `The dump ${path} is damaged: a terminal has put a carriage return before every line end in it`,
    'docker exec -t does that. Create it again without -t, or with pg_dump --file.',
  );
}

function refuseForeign(path: string, head: Buffer): void {
  const begins = head.toString('hex', 0, 8);
  const [, what, hint] = foreign.find(([magic]) => begins.startsWith(magic)) ?? [];
  if (what !== undefined) refuse(`The dump ${path} is ${what}`, hint);
  if (head.includes(0) || beginsOtherwise.test(head.toString('latin1'))) {
    refuse(
      `The file ${path} is not a PostgreSQL dump`,
      'pg_dump writes them: custom, directory, tar or plain SQL.',
    );
  }
}

function refuse(problem: string, hint?: string): never {
  throw new PgEvictError('CONFIG_INVALID', `${problem}.`, { hint });
}

function unreadable(path: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return refuse(
      `There is no dump ${path}`,
      'Check the path; the dump comes last: pg-evict restore [database] <dump>',
    );
  return refuse(`The dump ${path} cannot be read: ${message}`);
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
