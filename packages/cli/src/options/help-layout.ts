import type { Help } from 'commander';
import { textWidth, widthOf, wrap } from '../terminal/wrap.js';

/** The width of help that does not go to a terminal: COLUMNS, else that of most terminals. */
const usualWidth = 80;

/** A description that would be narrower than this is put below its term. */
const narrowestDescription = 34;

/** The width of help on a stream: between 40 and 120 columns. */
export function helpWidth(stream: NodeJS.WriteStream): number {
  const columns = Number(process.env['COLUMNS']) || usualWidth;
  return textWidth(stream) ?? textWidth({ isTTY: true, columns }) ?? usualWidth;
}

/** One command or option and its description: side by side, or one below the other if there is no room. */
export function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? usualWidth;
  if (description === '') return `  ${term}`;
  const column = termWidth + 4;
  if (width - column < narrowestDescription) return `  ${term}\n${wrap(`      ${description}`, width)}`;
  const space = ' '.repeat(Math.max(1, termWidth - widthOf(term) + 2));
  return wrap(`  ${term}${space}${description}`, width, { indent: ' '.repeat(column) });
}

/** Paragraphs of help, each written on several lines of source. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.map((text) => `\n${text.replaceAll(/\s+/g, ' ')}`).join('\n');
}

/** Wraps the rest of a help text. A long example is continued on the next line in the shell's syntax. */
export function wrapHelp(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) =>
      /^ {2}\$ /.test(line)
        ? wrap(line, width, { indent: '      ', continuation: ' \\' })
        : wrap(line, width, {
            indent: `${/^ */.exec(line)?.[0] ?? ''}${line.startsWith('Usage:') ? '  ' : ''}`,
          }),
    )
    .join('\n');
}
