import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What the child tells of its server, or why there is none. */
export interface ChildServer {
  readonly pid: number;
  readonly url: string;
  readonly dataDirectory: string;
  readonly password: string;
  readonly code?: string;
  readonly message?: string;
}

/** A node process that starts a server. */
export interface StartingChild {
  readonly process: ChildProcess;
  /** When it is about to start it. */
  readonly starting: Promise<void>;
  readonly server: Promise<ChildServer>;
  readonly exited: Promise<NodeJS.Signals | number>;
}

/** Starts a server in a node process of its own that then stops it, waits, or just ends. */
export function startInChild(
  options: object,
  then: 'stop' | 'wait' | 'end',
  account?: { uid: number; gid: number },
  project = __dirname,
): StartingChild {
  const fixture = join(project, 'fixtures', 'start-server.mjs');
  const child = spawn(process.execPath, [fixture, JSON.stringify(options), then], {
    cwd: project,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...account,
  });
  const lines = createInterface({ input: child.stdout });
  const starting = new Promise<void>((resolve, reject) => {
    lines.once('line', () => resolve());
    child.once('close', () => reject(new Error('The child ended before it began to start a server.')));
  });
  const server = new Promise<ChildServer>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error('The child ended without a word about a server.')));
    lines.on('line', (line) => {
      if (!line.startsWith('{')) return;
      const told: ChildServer = JSON.parse(line);
      resolve(told);
    });
  });
  const exited = new Promise<NodeJS.Signals | number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? -1));
  });
  // Not every test waits for it.
  server.catch(() => undefined);
  starting.catch(() => undefined);
  return { process: child, starting, server, exited };
}
