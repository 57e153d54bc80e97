import { open } from 'node:fs/promises';

const blockBytes = 512;

/**
 * Looks for the end of a tar (pax Interchange Format, POSIX.1). It is a block of zeros; before it, each member is a
 * header with its size, and as many blocks.
 *
 * @returns what is missing, in a clause; `undefined` if the tar is complete
 */
export async function findCutMember(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size: fileBytes } = await file.stat();
    const header = Buffer.alloc(blockBytes);
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(header, 0, blockBytes, at);
      if (bytesRead < blockBytes) return 'it ends before the mark at the end of a tar';
      if (header.every((byte) => byte === 0)) return undefined;
      const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
      const bytes = memberBytes(header);
      const begins = at + blockBytes;
      if (!(begins + bytes <= fileBytes)) {
        return `it has ${Math.max(0, fileBytes - begins)} of the ${bytes} bytes of its file ${name}`;
      }
      at = begins + Math.ceil(bytes / blockBytes) * blockBytes;
    }
  } finally {
    await file.close();
  }
}

/** Octal digits; from 8 GiB on, pg_dump writes bytes (`print_tar_number()`, src/port/tar.c). */
function memberBytes(header: Buffer): number {
  const field = header.subarray(124, 136);
  const isBinary = ((field[0] as number) & 0x80) !== 0;
  return isBinary
    ? Number(field.readBigUInt64BE(4))
    : Number.parseInt(field.toString('latin1').replaceAll(/[\0 ]/g, ''), 8);
}
