import type { Command } from 'commander';
import { quoteForShell } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { type Candidate, candidatesFor, type TypedOptions } from './candidates.js';
import { filesMark } from './scripts.js';
import { splitLine } from './split-line.js';

/** How long completion waits for a server; PG_EVICT_COMPLETION_MS overrides it, for a server far away. */
const patienceMs = Number(process.env['PG_EVICT_COMPLETION_MS']) || 300;

/**
 * Prints the candidates for the word at the cursor, one a line, for the scripts of `pg-evict completion`. It fails
 * silently: a server that cannot be reached in time yields no databases.
 *
 * @param words the shell, then the words after `pg-evict`; for bash the line up to the cursor in one
 */
export async function complete(program: Command, [shell = '', ...given]: readonly string[]): Promise<void> {
  const timer = setTimeout(leave, patienceMs);
  const words = shell === 'bash' ? splitLine(given[0] ?? '').slice(1) : given;
  const current = words.at(-1) ?? '';
  const candidates = candidatesFor(program, words);
  if (candidates.kind === 'files') process.stdout.write(`${filesMark}\n`);
  else {
    const found =
      candidates.kind === 'words' ? candidates.words : await databases(candidates.options).catch(() => []);
    process.stdout.write(linesFor(shell, current, found));
  }
  clearTimeout(timer);
  leave();
}

/** A configuration file may have left handles open. The output has gone to the pipe by then. */
function leave(): void {
  process.stdout.write('', () => {
    // oxlint-disable-next-line no-process-exit -- all output is written
    process.exit(0);
  });
}

async function databases(options: TypedOptions): Promise<Candidate[]> {
  const { completeDatabases } = await import('./databases.js');
  const names = await completeDatabases(options, patienceMs);
  return names.map((word) => ({ word, description: 'database' }));
}

function linesFor(shell: string, current: string, found: readonly Candidate[]): string {
  const attached = /^--[\w-]+=/.exec(current)?.[0] ?? '';
  // bash treats the text after "=" and ":" as a word of its own, and fish the whole word.
  const broken = /^.*[=:]/s.exec(current)?.[0] ?? '';
  return found
    .map(({ description, word }) => ({ description: printable(description), word: `${attached}${word}` }))
    .filter(({ word }) => word.startsWith(current) && printable(word) === word)
    .map(({ description, word }) =>
      shell === 'bash'
        ? quoteForShell(word.slice(broken.length))
        : `${word}${description === '' ? '' : `\t${description}`}`,
    )
    .map((line) => `${line}\n`)
    .join('');
}
