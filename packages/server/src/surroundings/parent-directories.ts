import { access, constants, realpath, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ServerError } from '../contract/server-error.js';

const sharedMemory = '/dev/shm';
const roomInSharedMemory = 256 * 1024 * 1024;

/**
 * The folders in which a server may live, the best one first.
 *
 * @throws {ServerError} `DIRECTORY_UNUSABLE` when the given folder does not exist.
 */
export async function parentDirectories(given: string | undefined): Promise<string[]> {
  const wanted = given ?? tmpdir();
  let directory: string;
  try {
    directory = await realpath(wanted);
  } catch (error) {
    throw new ServerError(
      'DIRECTORY_UNUSABLE',
      `The folder ${wanted} for the server's data cannot be used: ${(error as Error).message}. Create it, or name another one: parentDirectory.`,
      {
        cause: error,
      },
    );
  }
  return given === undefined && (await hasRoom(sharedMemory)) ? [sharedMemory, directory] : [directory];
}

async function hasRoom(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK);
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize >= roomInSharedMemory;
  } catch {
    return false;
  }
}
