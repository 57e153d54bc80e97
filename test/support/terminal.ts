import { spawnSync } from 'node:child_process';

const isMac = process.platform === 'darwin';

/** The command of `script` (util-linux, macOS), which gives a shell command a real terminal without native code. */
function ofScript(command: string): ['script', string[]] {
  return ['script', isMac ? ['-q', '/dev/null', 'sh', '-c', command] : ['-qec', command, '/dev/null']];
}

/** Whether this machine has `script`. */
export const hasTerminal =
  process.platform !== 'win32' && spawnSync(...ofScript('true'), { stdio: 'pipe' }).status === 0;

if (!hasTerminal) {
  process.stderr.write(
    '\n!!! No `script` command here: the tests of prompt, colour and Ctrl-C are SKIPPED.\n\n',
  );
}

/**
 * What runs a command on a terminal of its own, on which the input of the process is typed. It needs `SHELL: '/bin/sh'`.
 *
 * @param before a command of the shell that comes first
 * @param redirection of the shell, behind the command
 */
export function typedInto(
  words: readonly string[],
  {
    before = 'true',
    redirection = '',
  }: { readonly before?: string; readonly redirection?: string | undefined } = {},
): ['script', string[]] {
  const quoted = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  return ofScript(`${before}; exec ${quoted.join(' ')} ${redirection}`);
}
