/** A table of contents that is read part by part, and written with fewer or more of them. */
class Contents {
  readonly #bytes: Buffer;
  readonly #parts: Buffer[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  put(...parts: readonly Buffer[]): void {
    this.#parts.push(...parts);
  }

  keep(length: number): Buffer {
    const kept = this.take(length);
    this.put(kept);
    return kept;
  }

  /** An integer, and its value. */
  int(isKept = true): number {
    const bytes = this.take(5);
    if (isKept) this.put(bytes);
    return (bytes[0] === 0 ? 1 : -1) * bytes.readUInt32LE(1);
  }

  /** A string; whether there was one. */
  text(isKept = true): boolean {
    const length = this.int(isKept);
    const bytes = this.take(Math.max(0, length));
    if (isKept) this.put(bytes);
    return length >= 0;
  }

  written(): Buffer {
    return Buffer.concat([...this.#parts, this.#bytes.subarray(this.#at)]);
  }
}

/** A zero as the archive has integers; so many bytes for the value. */
const zero = Buffer.alloc(5);

/**
 * Writes the table of contents of a dump in the directory format as another version of the format has it: 1.12 and 1.13
 * lack the access method of a table, 1.15 has the compression in one byte, 1.16 has the kind of a relation.
 * (`WriteHead()`, `WriteToc()`, src/bin/pg_dump/pg_backup_archiver.c, of PostgreSQL 9.0 to 18)
 */
export function inVersion(wanted: number, contents: Buffer): Buffer {
  const toc = new Contents(contents);
  toc.keep('PGDMP'.length + 1);
  const given = toc.take(1)[0] as number;
  toc.put(Buffer.from([wanted]));
  // Revision, sizes of integers and offsets, format.
  toc.keep(4);
  if (given >= 15) toc.take(1);
  else toc.int(false);
  toc.put(wanted >= 15 ? Buffer.alloc(1) : zero);
  for (let part = 0; part < 7; part += 1) toc.int();
  for (let part = 0; part < 3; part += 1) toc.text();
  for (let count = toc.int(); count > 0; count -= 1) writeEntry(toc, given, wanted);
  return toc.written();
}

function writeEntry(toc: Contents, given: number, wanted: number): void {
  toc.int();
  toc.int();
  // Two oids, tag, kind.
  for (let part = 0; part < 4; part += 1) toc.text();
  toc.int();
  // Definition, drop, copy, namespace, tablespace.
  for (let part = 0; part < 5; part += 1) toc.text();
  if (given >= 14) toc.text(wanted >= 14);
  else if (wanted >= 14) toc.put(zero);
  if (given >= 16) toc.int(wanted >= 16);
  else if (wanted >= 16) toc.put(zero);
  // Owner, whether it has oids.
  toc.text();
  toc.text();
  while (toc.text());
  // The name of its file.
  toc.text();
}
