import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import {
  leftoversAfter,
  makeParentDirectory,
  packagesFrom,
  removeParentDirectory,
} from '../../support/server/parent-directory.js';
import { query } from '../../support/server/query.js';
import { startInChild } from '../../support/server/start-in-child.js';

const nothing = { files: [], processes: [] };
// Removing a data directory from a busy disk takes its time.
const soonMs = 200_000;

describe('a server whose process', () => {
  let parentDirectory: string;
  let options: object;

  beforeEach(() => {
    parentDirectory = makeParentDirectory();
    options = { from: packagesFrom, parentDirectory };
  });

  afterEach(() => {
    removeParentDirectory(parentDirectory);
  });

  it('is killed with SIGKILL leaves no process and no file', async () => {
    const child = startInChild(options, 'wait');
    const server = await child.server;
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    child.process.kill('SIGKILL');
    expect(await child.exited).toBe('SIGKILL');
    expect(await leftoversAfter(parentDirectory, soonMs)).toEqual(nothing);
  });

  it.each([10, 60, 150, 300, 450, 550])(
    'is killed %i ms into the start leaves nothing either',
    async (afterMs) => {
      const child = startInChild(options, 'wait');
      await child.starting;
      await delay(afterMs);
      child.process.kill('SIGKILL');
      await child.exited;
      expect(await leftoversAfter(parentDirectory, soonMs)).toEqual(nothing);
    },
  );

  it('is killed together with the postmaster leaves nothing either', async () => {
    const child = startInChild(options, 'wait');
    const server = await child.server;
    process.kill(server.pid, 'SIGKILL');
    child.process.kill('SIGKILL');
    await child.exited;
    expect(await leftoversAfter(parentDirectory, soonMs)).toEqual(nothing);
  });

  it('is interrupted on a terminal, as its whole process group is, leaves nothing either', async () => {
    const child = startInChild(options, 'wait');
    await child.server;
    const group = child.process.pid;
    if (group === undefined) throw new Error('the child has no pid');
    process.kill(-group, 'SIGINT');
    expect(await child.exited).toBe('SIGINT');
    expect(await leftoversAfter(parentDirectory, soonMs)).toEqual(nothing);
  });

  it('forgets to stop it lets that process end, and ends with it', async () => {
    const child = startInChild(options, 'end');
    const server = await child.server;
    expect(await child.exited).toBe(0);
    expect(await leftoversAfter(parentDirectory, soonMs)).toEqual(nothing);
    await expect(query(server.url, 'SELECT')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('stops it has nothing left by then', async () => {
    const child = startInChild(options, 'stop');
    await child.server;
    expect(await child.exited).toBe(0);
    expect(readdirSync(parentDirectory)).toEqual([]);
  });

  it('chose no folder has its data in shared memory or in the temp directory, and it is removed', async () => {
    const child = startInChild({ from: packagesFrom }, 'wait');
    const { dataDirectory } = await child.server;
    expect(existsSync(dataDirectory)).toBe(true);
    child.process.kill('SIGKILL');
    await child.exited;
    const end = Date.now() + soonMs;
    while (existsSync(dataDirectory) && Date.now() < end) await delay(20);
    expect(existsSync(dataDirectory)).toBe(false);
  });
});
