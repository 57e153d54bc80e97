import { processorTimeOf, processorTimeOfChildren } from './processor-time.mjs';
import { runProcess } from './run-process.mjs';
import { time } from './time.mjs';

/**
 * One whole run of a test runner, from the start of its process to its end: how long it took, and the processor time of
 * all its processes and of the server, in milliseconds.
 *
 * @param postmaster the server's first process
 */
export async function measureRunner({ name, args, folder, url }, postmaster) {
  const total = () => processorTimeOfChildren() + processorTimeOf(postmaster);
  const before = total();
  const { ms, failure } = await time(async () =>
    runProcess(process.execPath, args, { DATABASE_URL: url, NO_COLOR: '1' }, folder),
  );
  if (failure !== undefined) throw new Error(`${name}: ${failure}`);
  return { ms, cpuMs: total() - before };
}

/** Where the tests of a method find their server. */
export function urlFor(method, server) {
  const url = new URL(server.url);
  url.pathname = method.floor === true ? '/bench_shared' : '/postgres';
  return url.href;
}
