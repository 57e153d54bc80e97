import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.mjs';
import { methods } from './methods/index.mjs';
import { rotate } from './rotate.mjs';
import { time } from './time.mjs';

/**
 * Drop, and drop and create, against idle sessions: every method once a round, in turn, so that whatever drifts
 * meanwhile hits all of them. Timed in all, and from the moment it was connected.
 */
export async function measureOperations(bench, { rounds, sessions }, progress) {
  const idle = startChild('idle-sessions-process.mjs', bench.role);
  const samples = [];
  try {
    // The first round only warms up: code, catalogs, caches.
    for (let round = -1; round < rounds; round += 1) {
      for (const count of round < 0 ? [1] : sessions) {
        for (const method of rotate(methods, round + 1)) {
          for (const operation of ['drop', 'recreate']) {
            progress.show(`round ${Math.max(1, round + 1)} of ${rounds}: ${count} sessions`);
            await bench.renew();
            if (count > 0) await idle.ask(count);
            await sleep(10);
            const sample = await time(async (connected) => method[operation](bench, connected));
            await idle.ask(0);
            if (round >= 0)
              samples.push({ operation, sessions: count, method: method.name, round, ...sample });
          }
        }
      }
    }
  } finally {
    await idle.stop();
  }
  return samples;
}
