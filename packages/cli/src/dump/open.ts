import { createReadStream } from 'node:fs';
import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { findExecutable } from '../child/find-executable.js';
import { programOutput } from '../child/program-output.js';
import type { Compression, Dump } from './dump.js';

/** How much is read of a file at once. */
const chunkBytes = 512 * 1024;

/** Programs that unpack a compressed dump if Node does not. Each reads from its stdin and writes to its stdout. */
export const unpackers: Readonly<Record<Exclude<Compression, 'gzip'>, string>> = {
  zstd: 'zstd',
  xz: 'xz',
  bzip2: 'bzip2',
  lz4: 'lz4',
};

type Unpacker = Transform & { readonly bytesWritten: number };

/** A plain dump while it is read. */
export interface OpenedDump {
  readonly content: Readable;
  /** How much of the file has been unpacked, in its compressed form. */
  readonly bytesUnpacked: () => number;
}

/** The reason why a compressed dump cannot be unpacked here; `undefined` if it can. */
export function missingUnpacker(compression: Compression | undefined): string | undefined {
  if (compression === undefined || inNode(compression) !== undefined) return undefined;
  const program = unpackers[compression as keyof typeof unpackers];
  return findExecutable(program) === undefined ? undefined : program;
}

/** Opens a plain dump, and unpacks it. The caller destroys `content`. */
export function openDump({ path, compression }: Pick<Dump, 'path' | 'compression'>): OpenedDump {
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  if (compression === undefined) return { content: file, bytesUnpacked: () => file.bytesRead };
  const unpack = inNode(compression)?.();
  const content =
    unpack === undefined
      ? programOutput(unpackers[compression as keyof typeof unpackers], ['-dc'], { stdin: file })
      : file.pipe(unpack);
  file.once('error', (error) => content.destroy(error));
  content.once('close', () => file.destroy());
  // A program does not say how much of its input it has unpacked.
  return { content, bytesUnpacked: () => unpack?.bytesWritten ?? file.bytesRead };
}

function inNode(compression: Compression): (() => Unpacker) | undefined {
  if (compression === 'gzip') return () => zlib.createGunzip({ chunkSize: chunkBytes });
  // Since Node 22.15.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Unpacker };
  return compression === 'zstd' ? createZstdDecompress : undefined;
}
