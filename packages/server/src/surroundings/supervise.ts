import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { PrivateDirectory } from './private-directory.js';
import type { ServerAccount } from './server-account.js';
import { serverEnvironment } from './server-environment.js';

/** The directory and account that the programs of a server run with. */
export interface Surroundings {
  readonly home: PrivateDirectory;
  readonly account: ServerAccount | undefined;
  readonly libraryPath: string | undefined;
}

/** A program that does not outlive this process. */
export interface SupervisedProgram {
  /** Resolves to the exit code (128 + n for signal n) when the program is gone. */
  readonly exited: Promise<number>;
  /** Whether it is gone. */
  hasExited(): boolean;
  /** Sends the signal, follows with harder ones if necessary, and resolves when the program is gone. */
  end(signal: 'INT' | 'QUIT'): Promise<number>;
  /** Lets this process end while the program still runs. */
  unref(): void;
}

// Waits for the program, and meanwhile reads the names of signals to send to it. When this process is gone it ends the
// program by itself: by a fast shutdown, and harder if that is not enough. No other signal reaches the program: it is
// in a session of its own.
const supervisor = `
trap '' HUP INT TERM
exec 4<&0
"$@" 4<&- &
program=$!
(
  while read -r signal <&4; do kill -s "$signal" "$program"; done
  for step in INT:30 QUIT:80 KILL:50; do
    i=0
    while [ $i -lt "\${step#*:}" ]; do
      kill -s "\${step%:*}" "$program" || exit
      sleep 0.1
      i=$((i + 1))
    done
  done
) 2>/dev/null &
watcher=$!
wait "$program"
code=$?
kill -s KILL "$watcher" 2>/dev/null
exit "$code"
`;

const insistAfterMs = 250;
const immediateAfterMs = 3000;
// Longer than the postmaster gives its children before it kills them; without the postmaster, nothing would.
const killAfterMs = immediateAfterMs + 8000;

/** The log of all programs of a server. */
export function logFileIn(home: PrivateDirectory): string {
  return join(home.path, 'log');
}

/**
 * Runs a program under a shell that ends it (fast shutdown) when this process is gone, also by SIGKILL. Its
 * output goes to the server's log.
 */
export async function supervise(
  { home, account, libraryPath }: Surroundings,
  command: readonly string[],
): Promise<SupervisedProgram> {
  const log = await open(logFileIn(home), 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', supervisor, 'pg-evict-supervisor', ...command], {
      cwd: home.path,
      detached: true,
      env: serverEnvironment(libraryPath),
      stdio: ['pipe', log.fd, log.fd, home.lifeline],
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    const { stdin } = child;
    if (!(stdin instanceof Socket)) throw new TypeError('The stdin of a child process is a socket.');
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 128));
    });
    // A caller that waits for it gets the error; otherwise the error is ignored.
    exited.catch(() => {});
    stdin.on('error', () => {});
    return {
      exited,
      hasExited: () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined,
      async end(signal) {
        child.ref();
        const startedAt = performance.now();
        const send = (): void => {
          const elapsedMs = performance.now() - startedAt;
          stdin.write(
            `${elapsedMs > killAfterMs ? 'KILL' : elapsedMs > immediateAfterMs ? 'QUIT' : signal}\n`,
          );
        };
        const insisting = setInterval(send, insistAfterMs);
        send();
        try {
          return await exited;
        } finally {
          clearInterval(insisting);
          stdin.destroy();
        }
      },
      unref() {
        child.unref();
        stdin.unref();
      },
    };
  } finally {
    await log.close();
  }
}
