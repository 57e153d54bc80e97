/** The end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ pg-evict ${line}`).join('\n')}`;
}
