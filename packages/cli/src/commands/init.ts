import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initConfig, PgEvictError } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { reportFailure } from '../report/failure.js';
import { wantsColor } from '../terminal/color.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';

/** `pg-evict init`: asks no server. */
export async function init(options: GlobalOptions): Promise<void> {
  const { dryRun = false, json = false, quiet = false } = options;
  try {
    const { filename, notes, text } = await initConfig();
    const file = join(process.cwd(), filename);
    if (!dryRun) write(file, text);
    if (json) {
      process.stdout.write(toJsonText({ command: 'init', file, notes, text, dryRun }));
    } else if (!quiet) {
      const said = [dryRun ? `Would write ${filename}:\n\n${text}` : `Wrote ${filename}.`, ...notes];
      process.stdout.write(said.map((line) => `${dryRun ? line : printable(line)}\n`).join(''));
    }
  } catch (error) {
    reportFailure(error, { json, color: wantsColor(process.stderr) });
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new PgEvictError('CONFIG_INVALID', `${file} cannot be written (${code}).`, { cause: error });
  }
}
