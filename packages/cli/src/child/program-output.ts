import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';

/** A longer line is not needed, and it would be searched again with each piece that comes. */
const longestLine = 65_536;

/** A program's stdout. It fails if the program does, with the program's message; destroying it ends the program. */
export function programOutput(
  program: string,
  args: readonly string[],
  {
    env,
    onMessage,
    stdin,
  }: {
    readonly env?: NodeJS.ProcessEnv;
    /** The source of its input. @default nothing to read */
    readonly stdin?: Readable;
    /** Called with each line of its stderr. */
    readonly onMessage?: (line: string) => void;
  } = {},
): Readable {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  const content = new PassThrough({ highWaterMark: 512 * 1024 });
  const said: string[] = [];
  let unfinished = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split('\n');
    unfinished = (lines.pop() ?? '').slice(0, longestLine);
    said.push(...lines);
    for (const line of lines) onMessage?.(line);
  });
  const leave = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', leave);
  // It may end before it has read everything; its own message gives the reason.
  child.stdin.on('error', () => undefined);
  child.once('error', (error) => content.destroy(error));
  child.once('close', (code, signal) => {
    process.off('exit', leave);
    if (code === 0) content.end();
    else {
      const how = [...said, unfinished].find((line) => line.trim() !== '') ?? signal ?? `exit code ${code}`;
      content.destroy(new Error(how.startsWith(program) ? how : `${program}: ${how}`));
    }
  });
  content.once('close', () => child.kill());
  if (stdin === undefined) child.stdin.end();
  else stdin.pipe(child.stdin);
  child.stdout.pipe(content, { end: false });
  return content;
}
