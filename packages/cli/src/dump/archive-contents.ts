import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dump } from './dump.js';

/** An entry of the table of contents of an archive, as pg_restore reads it. */
export interface ArchiveEntry {
  readonly kind: string;
  readonly tag: string;
  readonly namespace: string;
  readonly owner: string;
  /** The statement that creates it. */
  readonly definition: Buffer;
  /** The statement that drops it; pg_restore derives `ALTER … OWNER TO` from it. */
  readonly drop: Buffer;
  /** The statement that loads its data; empty if the data are SQL. */
  readonly copy: Buffer;
  readonly hasData: boolean;
  /** The file of its data, in a directory or a tar; in one, pg_dump may have compressed it, and lengthened its name. */
  readonly file: string;
}

/**
 * Reads the table of contents of an archive, which contains everything that pg_restore sends, except for data
 * (`ReadHead()`, `ReadToc()`, src/bin/pg_dump/pg_backup_archiver.c).
 *
 * @returns `undefined` if it cannot be read with certainty
 */
export async function readArchiveEntries(dump: Dump): Promise<readonly ArchiveEntry[] | undefined> {
  const path = dump.format === 'directory' ? join(dump.path, 'toc.dat') : dump.path;
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    for (let length = firstBytes; ; length *= 4) {
      const bytes = await readBeginning(file, Math.min(length, size));
      try {
        return new ContentsReader(bytes, dump.format === 'tar' ? tarHeader : 0).read();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        if (length >= size || length >= mostBytes) return undefined;
      }
    }
  } finally {
    await file.close();
  }
}

const firstBytes = 4 * 1024 * 1024;
const mostBytes = 256 * 1024 * 1024;

/** It is the first member of a tar. */
const tarHeader = 512;

async function readBeginning(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Archives of pg_dump 9.0 to 18. Later ones may have more in each entry. */
const [oldest, newest] = [12, 16];

const [custom, tar, directory] = [1, 3, 5];

class ContentsReader {
  readonly #bytes: Buffer;
  #at: number;
  #intBytes = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** @throws RangeError if more bytes are needed */
  read(): readonly ArchiveEntry[] | undefined {
    if (this.#take(5).toString('latin1') !== 'PGDMP') return undefined;
    const [major, minor] = [this.#byte(), this.#byte()];
    if (major !== 1 || minor < oldest || minor > newest) return undefined;
    // Which revision it is changes nothing.
    this.#byte();
    this.#intBytes = this.#byte();
    const offsetBytes = this.#byte();
    const format = this.#byte();
    if (this.#intBytes !== 4 || ![custom, tar, directory].includes(format)) return undefined;
    if (minor >= 15) this.#byte();
    else this.#int();
    // When it was made.
    for (let part = 0; part < 7; part += 1) this.#int();
    // The database and two versions.
    for (let part = 0; part < 3; part += 1) this.#text();
    const count = this.#int();
    const entries: ArchiveEntry[] = [];
    for (let index = 0; index < count; index += 1) {
      const entry = this.#entry(minor);
      if (format === custom) this.#take(1 + offsetBytes);
      entries.push({ ...entry, file: format === custom ? '' : this.#string() });
    }
    return entries;
  }

  #entry(minor: number): Omit<ArchiveEntry, 'file'> {
    this.#int();
    const hasData = this.#int() !== 0;
    // Its oids.
    this.#text();
    this.#text();
    const [tag, kind] = [this.#string(), this.#string()];
    // Its section.
    this.#int();
    const [definition, drop, copy] = [this.#text(), this.#text(), this.#text()];
    const namespace = this.#string();
    // Tablespace and access method, which are sent as quoted names.
    this.#text();
    if (minor >= 14) this.#text();
    if (minor >= 16) this.#int();
    const owner = this.#string();
    // Whether it has oids.
    this.#text();
    while (this.#optionalText() !== undefined);
    return { kind, tag, namespace, owner, definition, drop, copy, hasData };
  }

  #string(): string {
    return this.#text().toString('latin1');
  }

  #text(): Buffer {
    return this.#optionalText() ?? nothing;
  }

  #optionalText(): Buffer | undefined {
    const length = this.#int();
    return length < 0 ? undefined : this.#take(length);
  }

  #int(): number {
    const isNegative = this.#byte() !== 0;
    this.#require(this.#intBytes);
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += this.#intBytes;
    return isNegative ? -value : value;
  }

  #byte(): number {
    this.#require(1);
    const value = this.#bytes[this.#at] as number;
    this.#at += 1;
    return value;
  }

  #take(length: number): Buffer {
    this.#require(length);
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  #require(length: number): void {
    if (this.#at + length > this.#bytes.length) throw new RangeError('more bytes are needed');
  }
}

const nothing = Buffer.alloc(0);
