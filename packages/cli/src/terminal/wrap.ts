import { stripVTControlCharacters } from 'node:util';

/** The width of text for people: that of the terminal, up to a readable width. */
const widest = 120;
const narrowest = 40;

/** The columns that text on a stream may take; `undefined` where it is not a terminal. */
export function textWidth(stream: Pick<NodeJS.WriteStream, 'columns' | 'isTTY'>): number | undefined {
  if (!stream.isTTY || !(stream.columns > 0)) return undefined;
  return Math.min(widest, Math.max(narrowest, stream.columns));
}

/** How the lines are broken. */
export interface WrapOptions {
  /** The prefix of the second line and those after it. @default the spaces that the line begins with */
  readonly indent?: string;
  /** The suffix of each line but the last, such as a shell's ` \`. */
  readonly continuation?: string;
}

/**
 * Wraps each line of a text at spaces. A word that is wider than a line stays whole. Escape sequences have no width.
 */
export function wrap(text: string, width: number | undefined, options: WrapOptions = {}): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, options))
    .join('\n');
}

/** Prose that leads to a command, which is meant to be copied: it stays whole, on a line of its own if need be. */
export function withCommand(prose: string, command: string, width: number | undefined): string {
  const line = `${prose} ${command}`;
  return width === undefined || widthOf(line) <= width ? line : `${wrap(prose, width)}\n  ${command}`;
}

function wrapLine(line: string, width: number, { continuation = '', indent }: WrapOptions): string {
  if (widthOf(line) <= width) return line;
  const [own = ''] = /^ */.exec(line) ?? [];
  const next = indent ?? own;
  const room = width - widthOf(continuation);
  const lines: string[] = [];
  let current = own;
  let isEmpty = true;
  for (const word of line.slice(own.length).split(' ')) {
    const extended = isEmpty ? `${current}${word}` : `${current} ${word}`;
    if (isEmpty || widthOf(extended) <= room) {
      current = extended;
      isEmpty = false;
    } else {
      lines.push(current);
      current = `${next}${word}`;
    }
  }
  return [...lines.map((text) => `${text.trimEnd()}${continuation}`), current].join('\n');
}

/** Characters that take two columns, roughly: East Asian ones, and emoji. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/gu;

/**
 * The width of a text in columns. Prose need not be measured as exactly as a table, and help is shown without loading
 * the modules that tables need.
 */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text).replaceAll(/\p{M}/gu, '');
  return Array.from(plain).length + (plain.match(wide)?.length ?? 0);
}
