// Builds what the demo runs. What the build has to say is shown only when it fails.
import { spawnSync } from 'node:child_process';

process.stderr.write('Building …\n');
const { status, stdout, error } = spawnSync(
  'turbo run build --filter=@pg-evict/demo... --output-logs=errors-only --ui=stream 2>&1',
  { shell: true, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
);
if (status !== 0) {
  process.stderr.write(`${stdout}${error?.message ?? ''}\n`);
  process.exitCode = status ?? 1;
}
