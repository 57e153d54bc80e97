import { spawn } from 'node:child_process';

/** What a process came to. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a script of Node in a process of its own, as somebody in a shell would. */
export async function runNode(
  directory: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = {},
  signal?: AbortSignal,
): Promise<Outcome> {
  const child = spawn(process.execPath, parameters, {
    cwd: directory,
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'development', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  const timer = setTimeout(() => child.kill('SIGKILL'), 500_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, output };
}
