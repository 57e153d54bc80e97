import { resolveTarget } from '@pg-evict/config';
import { type RunInvitation, TestRun } from '../database/test-run.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { restoreTls } from '../server/serialize-tls.js';
import { MaintenanceSession } from '../session/maintenance-session.js';
import { otherTemplate } from '../template/other-template.js';
import type { Template } from '../template/template.js';
import type { StartRunOptions } from './start-run.js';

/** Options of {@link joinRun}. */
export interface JoinRunOptions {
  /**
   * Whether this process ends the run, instead of the process that began it. The latter must not call `endRun`, and
   * must live until this process has joined.
   * @default false
   */
  readonly takeOver?: boolean | undefined;
  /**
   * The options with which the run was started. With them this process can make other templates for
   * `borrowDatabase`, from the configuration as it is then.
   */
  readonly started?: StartRunOptions | undefined;
}

/**
 * Joins a run that another process began, from the result of its `toJSON`. Opens one session on the maintenance
 * database, which does not keep the process alive.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`
 */
export async function joinRun(
  invitation: RunInvitation,
  { takeOver = false, started }: JoinRunOptions = {},
): Promise<TestRun> {
  return unwatched(async () => {
    const { id, server, template, ...settings } = invitation;
    const target = { ...server.target, connection: restoreTls(server.target.connection) };
    const control = await MaintenanceSession.open(target.connection, target.maintenanceDatabase, {
      timeoutMs: settings.timeoutMs ?? undefined,
    });
    await control.hold({ kind: 'run', of: id, shared: true });
    await control.hold({ kind: 'template', of: template.hash, shared: true });
    const joined = {
      ...server,
      target,
      connection: restoreTls(server.connection),
      stop: async () => Promise.resolve(),
    };
    const ensureTemplate = async (name: string | undefined): Promise<Template> => {
      const { cwd = process.cwd(), testing: given } = started ?? {};
      const configuration = await resolveTarget(started);
      const testing = { ...configuration.config.testing, ...given };
      return otherTemplate(control, joined, { testing, configuration, cwd, runId: id }, name);
    };
    return new TestRun({
      ...settings,
      id,
      server: joined,
      template,
      control,
      owned: takeOver,
      ensureTemplate: started === undefined ? undefined : ensureTemplate,
    });
  });
}
