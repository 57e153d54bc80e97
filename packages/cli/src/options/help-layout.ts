import type { Help } from 'commander';
import { textWidth, widthOf, wrap } from '../terminal/wrap.js';

/** How wide help is where it does not go to a terminal: as COLUMNS says, else as most terminals are. */
const usualWidth = 80;

/** A description that would be narrower than this stands below what it describes. */
const narrowestDescription = 34;

/** The columns that help takes on a stream: between 40 and 120. */
export function helpWidth(stream: NodeJS.WriteStream): number {
  const columns = Number(process.env['COLUMNS']) || usualWidth;
  return textWidth(stream) ?? textWidth({ isTTY: true, columns }) ?? usualWidth;
}

/** One command or option and its description: side by side, or one below the other where there is no room. */
export function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? usualWidth;
  if (description === '') return `  ${term}`;
  const column = termWidth + 4;
  if (width - column < narrowestDescription) return `  ${term}\n${wrap(`      ${description}`, width)}`;
  const space = ' '.repeat(Math.max(1, termWidth - widthOf(term) + 2));
  return wrap(`  ${term}${space}${description}`, width, { indent: ' '.repeat(column) });
}

/** Paragraphs of help, each written over several lines of source. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.map((text) => `\n${text.replaceAll(/\s+/g, ' ')}`).join('\n');
}

/** Breaks what else is in a help text. An example goes on in the next line as a shell takes it. */
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
