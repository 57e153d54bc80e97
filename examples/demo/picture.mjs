// Runs the demo and draws what it shows into docs/images/demo.svg, or the file that is named.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toSvg } from './src/to-svg.mjs';

const demo = fileURLToPath(new URL('demo.mjs', import.meta.url));
const output = execFileSync(process.execPath, [demo], {
  env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined },
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
writeFileSync(
  process.argv[2] ?? new URL('../../docs/images/demo.svg', import.meta.url),
  toSvg(output.trim(), 'corepack pnpm demo: a database with four sessions, recreated by pg-evict'),
);
