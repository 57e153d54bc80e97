import { createRequire } from 'node:module';
import { runProcess } from '../src/run-process.mjs';
import { time } from '../src/time.mjs';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

/** One whole run of Jest, from the start of the process to its end. */
export async function runJest({ folder, method }, server, { workers }) {
  const url = new URL(server.url);
  url.pathname = method.floor === true ? '/bench_shared' : '/postgres';
  const sample = await time(async () =>
    runProcess(
      process.execPath,
      [jest, '--ci', '--silent', `--maxWorkers=${workers}`, '--rootDir', folder],
      {
        DATABASE_URL: url.href,
        NO_COLOR: '1',
      },
      folder,
    ),
  );
  if (sample.failure !== undefined) throw new Error(`${method.name}: ${sample.failure}`);
  return sample;
}
