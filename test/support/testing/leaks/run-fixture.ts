import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** Runs a script of fixtures/ in a process of its own and returns the JSON it prints. */
export async function runFixture<T>(script: string, parameters: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [resolve(__dirname, 'fixtures', script), ...parameters], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 500_000);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${errors}${output}`);
  return JSON.parse(output) as T;
}
