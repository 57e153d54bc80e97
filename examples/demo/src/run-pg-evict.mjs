import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { style } from './say.mjs';

const require = createRequire(import.meta.url);

/** Runs the real command as a process of its own, connected by DATABASE_URL so that no password is shown. */
export async function runPgEvict(args, { developer }) {
  const { host, port, user, password, database } = developer;
  const manifest = require.resolve('pg-evict/package.json');
  const bin = join(dirname(manifest), require(manifest).bin['pg-evict']);
  process.stdout.write(`\n${style('green', '$')} ${style('bold', `pg-evict ${args.join(' ')}`)}\n`);
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0 && code !== 130) throw new Error(`pg-evict ended with exit code ${code}`);
}
