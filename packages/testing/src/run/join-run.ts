import { type RunInvitation, type RunParts, TestRun } from '../database/test-run.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { restoreTls } from '../server/serialize-tls.js';
import { MaintenanceSession } from '../session/maintenance-session.js';

/** Options of {@link joinRun}. */
export interface JoinRunOptions {
  /**
   * Whether this process ends the run, instead of the process that began it. The latter must not call `endRun`, and
   * must live until this process has joined.
   * @default false
   */
  readonly takeOver?: boolean | undefined;
}

/**
 * Joins a run that another process began, from the result of its `toJSON`. Opens one session on the maintenance
 * database, which does not keep the process alive.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`
 */
export async function joinRun(
  invitation: RunInvitation,
  { takeOver = false }: JoinRunOptions = {},
): Promise<TestRun> {
  return joinRunWith(invitation, { takeOver });
}

/** The same, with a way to make other templates. */
export async function joinRunWith(
  invitation: RunInvitation,
  { takeOver, ensureTemplate }: { takeOver: boolean } & Pick<RunParts, 'ensureTemplate'>,
): Promise<TestRun> {
  return unwatched(async () => {
    const { id, server, template, ...settings } = invitation;
    const target = { ...server.target, connection: restoreTls(server.target.connection) };
    const control = await MaintenanceSession.open(target.connection, target.maintenanceDatabase, {
      timeoutMs: settings.timeoutMs ?? undefined,
    });
    await control.hold({ kind: 'run', of: id, shared: true });
    await control.hold({ kind: 'template', of: template.hash, shared: true });
    const connection = restoreTls(server.connection);
    const joined = { ...server, target, connection, stop: async () => Promise.resolve() };
    return new TestRun({
      ...settings,
      id,
      server: joined,
      template,
      control,
      owned: takeOver,
      ensureTemplate,
    });
  });
}
