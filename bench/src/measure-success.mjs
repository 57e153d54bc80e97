import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.mjs';
import { methods } from './methods/index.mjs';
import { time } from './time.mjs';

const clients = 20;

/**
 * Drop and create against clients that connect again as soon as they are ended. Also counts how many of their
 * attempts were refused meanwhile, as an application would see it.
 */
export async function measureSuccess(bench, { tries }, progress) {
  if (tries === 0) return [];
  await bench.renew();
  const crowd = startChild('reconnecting-clients-process.mjs', bench.role);
  const samples = [];
  try {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      for (const method of methods) {
        progress.show(`try ${attempt + 1} of ${tries} against ${clients} clients that reconnect`);
        await bench.ensure();
        const before = await untilAllAreBack(crowd);
        const sample = await time(async () => method.recreate(bench));
        await bench.ensure();
        const after = await untilAllAreBack(crowd);
        samples.push({ method: method.name, clients, refused: after.refused - before.refused, ...sample });
      }
    }
  } finally {
    await crowd.stop();
  }
  return samples;
}

async function untilAllAreBack(crowd) {
  for (let looks = 0; looks < 1000; looks += 1) {
    const statistics = await crowd.ask('how many');
    if (statistics.connected === clients) return statistics;
    await sleep(10);
  }
  throw new Error('the clients that reconnect did not come back within 10 s');
}
