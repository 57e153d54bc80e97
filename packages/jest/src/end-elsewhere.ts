import { text } from 'node:stream/consumers';
import { endRun, joinRun, type RunInvitation } from '@pg-evict/testing';

/** Ends runs in the place of the process that began them, which is just exiting; told of them on standard input. */
async function end(): Promise<void> {
  const runs = JSON.parse(await text(process.stdin)) as RunInvitation[];
  for (const invitation of runs) await endRun(await joinRun(invitation, { takeOver: true }), { force: true });
}

void end();
