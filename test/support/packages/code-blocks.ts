import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** Page and line, for messages. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page that say their language. */
export function codeBlocks(file: string, root: string): CodeBlock[] {
  const page = readFileSync(file, 'utf8');
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    place: `${relative(root, file)}:${page.slice(0, match.index).split('\n').length}`,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}
