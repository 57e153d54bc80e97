import { createRequire } from 'node:module';
import { measureRunner, urlFor } from '../src/measure-runner.mjs';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

/** One whole run of Jest, from the start of the process to its end. */
export async function runJest({ folder, method }, server, postmaster, { workers }) {
  const args = [jest, '--ci', '--silent', `--maxWorkers=${workers}`, '--rootDir', folder];
  return measureRunner({ name: method.name, args, folder, url: urlFor(method, server) }, postmaster);
}
