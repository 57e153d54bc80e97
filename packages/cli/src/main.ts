import { CommanderError } from 'commander';
import { createProgram } from './program.js';
import { reportUsage } from './report/usage.js';
import { survivesClosedPipe } from './terminal/stdout.js';

survivesClosedPipe(process.stdout);
survivesClosedPipe(process.stderr);
// The driver's advice about future versions is for application developers; it would appear between the lines of our
// output.
process.removeAllListeners('warning');

// Words after "--" belong to the command that `run` runs.
const separator = process.argv.indexOf('--');
const own = separator === -1 ? process.argv : process.argv.slice(0, separator);

if (own.includes('--no-color')) {
  process.env['NO_COLOR'] = '1';
  delete process.env['FORCE_COLOR'];
}

/** The request of the scripts that `completion` prints; it is not a command for people. */
async function completeWords(words: readonly string[]): Promise<void> {
  const { complete } = await import('./completion/complete.js');
  await complete(program, words);
}

const program = createProgram();
const [asked, ...words] = process.argv.slice(2);
const running = asked === '__complete' ? completeWords(words) : program.parseAsync();
running.catch(async (error: unknown) => {
  if (error instanceof CommanderError) return reportUsage(error, program, own);
  const { reportFailure } = await import('./report/failure.js');
  return reportFailure(error, {
    json: own.includes('--json'),
    color: false,
    verbose: own.includes('--verbose') || process.env['DEBUG'] === 'pg-evict',
  });
});
