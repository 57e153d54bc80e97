// Runs the demo and draws what it shows into docs/images/demo.svg.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toSvg } from './src/to-svg.mjs';

const demo = fileURLToPath(new URL('demo.mjs', import.meta.url));
const output = execFileSync(process.execPath, [demo], {
  env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined },
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const picture = new URL('../../docs/images/demo.svg', import.meta.url);
mkdirSync(new URL('.', picture), { recursive: true });
writeFileSync(
  picture,
  toSvg(output.trim(), 'corepack pnpm demo: a database with four sessions, recreated by pg-evict'),
);
