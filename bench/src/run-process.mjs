import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Runs a program to its end; its output counts only when it fails. */
export async function runProcess(program, args, env, cwd) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, errors] = await Promise.all([closed, text(child.stderr)]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors.trim()}`);
}
