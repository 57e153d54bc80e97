import type { RunSettings } from '../database/test-run.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import type { SocketWatch } from '../leaks/watch-sockets.js';
import type { PlainSocket } from '../wire/protocol.js';
import type { HostConnection } from './host-connection.js';
import { thisThread, type WayToHost } from './thread.js';

/** A test file with its database and its sockets. */
interface LookedInto {
  readonly file: string;
  readonly name: string;
  readonly settings: RunSettings;
  readonly watch: SocketWatch;
  readonly way: WayToHost;
}

/** Asks the host which sessions are open on the databases of a file, and finds their sockets. */
export async function askForLeaks(file: LookedInto, host: HostConnection): Promise<LeakedSession[]> {
  const { settings, watch, way } = file;
  const open = watch.openSockets();
  const sockets = open.map(({ target, backendPid, localPort, openedAt, openedDuring }): PlainSocket => ({
    target,
    backendPid,
    localPort,
    openedAt: openedAt.toISOString(),
    openedDuring,
  }));
  const databases = [file.name, ...[...thisThread().borrowed].map(({ name }) => name)];
  const { leaks } = await host.ask('leaks', { run: way.run.id, databases, sockets }, { for: file.file });
  return leaks
    .map((leak) => ({ ...leak, socket: leak.socket === null ? null : (open[leak.socket] ?? null) }))
    .filter(({ socket, pid }) => {
      if (socket !== null) return true;
      // Other processes of the run work on the same database; and sessions that the file has closed are just
      // disconnecting.
      return settings.isolation !== 'run' && !(pid !== null && watch.hasOpened(pid));
    });
}
