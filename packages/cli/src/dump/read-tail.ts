import { open } from 'node:fs/promises';
import type { Dump } from './dump.js';
import { missingUnpacker, openDump } from './open.js';

/**
 * Reads the end of a file, unpacked.
 *
 * @param length of the end, in bytes
 * @returns one character for each byte; `undefined` if the file cannot be unpacked here
 */
export async function readTail(
  { path, compression, bytes }: Pick<Dump, 'path' | 'compression' | 'bytes'>,
  length: number,
): Promise<string | undefined> {
  if (compression !== undefined) {
    return missingUnpacker(compression) === undefined
      ? unpackedTail({ path, compression }, length)
      : undefined;
  }
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      Math.max(0, bytes - length),
    );
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function unpackedTail(
  file: Pick<Dump, 'path' | 'compression'>,
  length: number,
): Promise<string | undefined> {
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of openDump(file).content as AsyncIterable<Buffer>) {
      tail = Buffer.from(Buffer.concat([tail, chunk]).subarray(-length));
    }
  } catch {
    // It is cut off, or broken: then it does not end as it should.
    return '';
  }
  return tail.toString('latin1');
}
