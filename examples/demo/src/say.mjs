import { styleText } from 'node:util';

const hasColor =
  process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';

export const style = (format, text) => (hasColor ? styleText(format, text) : text);

/** Prints lines; those that are empty are left out. */
export function say(...lines) {
  process.stdout.write(
    lines
      .filter((line) => line !== '')
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** Prints a line that begins a part of the demo. */
export function sayTitle(text) {
  process.stdout.write(`\n${style('bold', text)}\n`);
}

/** Prints a list of names and what there is to say of each. */
export function sayList(entries) {
  const width = Math.max(...entries.map(([name]) => name.length));
  for (const [name, text] of entries) say(`  ${style('cyan', name.padEnd(width))}  ${text}`);
}
