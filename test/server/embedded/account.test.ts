import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { startServer } from '@pg-evict/server';

import {
  assertNothingLeft,
  leftoversAfter,
  makeOpenProject,
  makeParentDirectory,
  packagesFrom,
  removeParentDirectory,
} from '../../support/server/parent-directory.js';
import { query } from '../../support/server/query.js';
import { startInChild } from '../../support/server/start-in-child.js';

const isRoot = process.geteuid?.() === 0;
const describeAsRoot = isRoot ? describe : describe.skip;
if (!isRoot) {
  process.stderr.write('SKIPPED: what root does with a server can be tested by root only.\n');
}

function ownerOf(path: string): number {
  return statSync(path).uid;
}

describeAsRoot('a server that root starts', () => {
  let parentDirectory: string;

  beforeEach(() => {
    parentDirectory = makeParentDirectory();
  });

  afterEach(() => {
    assertNothingLeft(parentDirectory);
    removeParentDirectory(parentDirectory);
  });

  it('runs as another account, in a folder that only this one can enter', async () => {
    const server = await startServer({ kind: 'embedded', from: packagesFrom, parentDirectory });
    const uid = ownerOf(`/proc/${server.pid}`);
    expect(uid).not.toBe(0);
    expect(ownerOf(server.dataDirectory)).toBe(uid);
    expect(ownerOf(join(server.dataDirectory, '..'))).toBe(uid);
    expect(statSync(join(server.dataDirectory, '..')).mode & 0o777).toBe(0o700);
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    expect(status).toMatch(/^Groups:\s*$/m);
    await server.stop();
  });

  it('is removed from a folder that only root can write to', async () => {
    chmodSync(parentDirectory, 0o755);
    const child = startInChild({ from: packagesFrom, parentDirectory }, 'stop');
    expect(await child.server).not.toHaveProperty('code');
    expect(await child.exited).toBe(0);
  });

  it('works from a project that only root can read', async () => {
    const project = makeOpenProject();
    chmodSync(project, 0o700);
    try {
      const server = await startServer({ kind: 'embedded', from: project, parentDirectory });
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await server.stop();
    } finally {
      removeParentDirectory(project);
    }
  });

  it('is refused with a reason in a folder that the account cannot enter', async () => {
    chmodSync(parentDirectory, 0o700);
    await expect(
      startServer({ kind: 'embedded', from: packagesFrom, parentDirectory }),
    ).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      message: expect.stringContaining(parentDirectory),
    });
  });
});

describe('a server that an ordinary user starts', () => {
  // daemon: an account that root would not choose for a server.
  const daemon = /^daemon:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  const account = isRoot && daemon ? { uid: Number(daemon[1]), gid: Number(daemon[2]) } : undefined;
  const uid = account?.uid ?? process.geteuid?.();

  it.each(['stop', 'end'] as const)('runs as that user and leaves nothing behind (%s)', async (then) => {
    const project = makeOpenProject();
    const parentDirectory = makeParentDirectory();
    const watched = startInChild({ from: project, parentDirectory }, 'wait', account, project);
    const server = await watched.server;
    expect(server).not.toHaveProperty('code');
    expect(ownerOf(`/proc/${server.pid}`)).toBe(uid);
    expect(ownerOf(server.dataDirectory)).toBe(uid);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    watched.process.kill('SIGKILL');
    await watched.exited;

    const child = startInChild({ from: project, parentDirectory }, then, account, project);
    expect(await child.server).not.toHaveProperty('code');
    expect(await child.exited).toBe(0);
    expect(await leftoversAfter(parentDirectory, 200_000)).toEqual({ files: [], processes: [] });
    removeParentDirectory(parentDirectory);
    removeParentDirectory(project);
  });
});
