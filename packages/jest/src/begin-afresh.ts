import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { joinRun, type TestRun } from '@pg-evict/testing';
import type { Begin } from './begin-elsewhere.js';
import { beginElsewhere, invitationIn, stdio } from './begun-elsewhere.js';

/**
 * Begins a run with what the files of the project say now. Node loads a module once a process: in another one a
 * configuration, a migration or whatever these load is that which was just saved. The template would else be named for
 * the new files, and hold what the old ones made.
 *
 * @throws {@link PgEvictError} what `startRun` throws
 */
export async function beginAfresh(begin: Begin): Promise<TestRun> {
  const child = spawn(process.execPath, [beginElsewhere, JSON.stringify(begin)], { stdio });
  const ended = once(child, 'exit');
  try {
    const answer = await text(child.stdio[3] as Readable);
    // Without one it has ended by itself.
    if (answer === '') await ended;
    return await joinRun(invitationIn(answer, child.exitCode), { takeOver: true });
  } finally {
    child.stdin?.end();
    await ended;
  }
}
