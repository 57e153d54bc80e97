import type { ResolvedConfig, ResolvedConfiguration, ResolveTargetOptions } from '@pg-evict/config';
import { resolveTestTarget } from '@pg-evict/config/internal';
import { type RunSettings, TestRun } from '../database/test-run.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { newRunId } from '../names/database-names.js';
import { explainFailure } from '../server/explain-failure.js';
import { type OpenedServer, openServer } from '../server/test-server.js';
import { MaintenanceSession } from '../session/maintenance-session.js';
import { ensureTemplate } from '../template/ensure-template.js';
import { otherTemplate } from '../template/other-template.js';
import { templateSource } from '../template/source.js';
import { recreateSharedDatabase } from './shared-database.js';
import { sweepOver } from './sweep-test-databases.js';

/** Options of {@link startRun}; missing ones are searched for, as by the command. */
export interface StartRunOptions extends Omit<ResolveTargetOptions, 'database' | 'knexfile'> {
  /** Overrides the fields of the configuration's `testing` section. */
  readonly testing?: ResolvedConfig['testing'];
  /**
   * Ends the process that fills the template; then the unfinished template is dropped, and the run fails. A setup
   * function that is passed in code goes on to its end.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Begins a run of tests: finds the configuration, opens the server (the configured connection, or an embedded server
 * that lives as long as this process), sweeps leftovers of runs that are over, and makes sure that the template exists.
 * With `isolation: 'run'` the fixed database is recreated from it.
 *
 * Until {@link endRun}, or until all processes of the run are gone, a lock on the server says that the run lives. Opens
 * one session on the maintenance database, which does not keep the process alive. The configured database is not
 * touched.
 *
 * Needs CREATEDB.
 *
 * @throws PgEvictError `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`, `PERMISSION_DENIED`, `BLOCKED`,
 * `UNEXPECTED` if the template cannot be built; ServerError if a server cannot be started
 */
export async function startRun(options: StartRunOptions = {}): Promise<TestRun> {
  return unwatched(async () => {
    const { cwd = process.cwd(), testing: given = {}, signal } = options;
    const configuration = await resolveTestTarget({ ...options, template: given.template });
    const testing = { ...configuration.config.testing, ...given };
    const settings = settingsOf(testing, configuration);
    const { isolation, timeoutMs } = settings;
    const opened = await openServer(testing, configuration, cwd).catch(async (error: unknown) => {
      throw await explainFailure(error, configuration);
    });
    const id = newRunId();
    // Its files are read while the server is connected to.
    const sourcing = templateSource({ template: testing.template ?? {}, configuration, cwd, runId: id });
    sourcing.catch(() => undefined);
    let control: MaintenanceSession | undefined;
    try {
      const opening = await MaintenanceSession.open(
        opened.target.connection,
        opened.target.maintenanceDatabase,
        { timeoutMs: timeoutMs ?? undefined },
      );
      control = opening;
      const server = await withPasswords(opened, control);
      await control.hold({ kind: 'run', of: id, shared: true });
      await sweepOver(control, server.target);
      const template = await ensureTemplate(control, server, id, await sourcing, signal);
      if (isolation === 'run') await recreateSharedDatabase(control, server, template, settings);
      return new TestRun({
        id,
        server,
        template,
        control,
        ...settings,
        owned: true,
        ensureTemplate: async (name) =>
          otherTemplate(opening, server, { testing, configuration, cwd, runId: id }, name),
      });
    } catch (error) {
      await control?.close();
      const reason = await explainFailure(error, configuration, opened);
      await opened.stop();
      throw reason;
    }
  });
}

type Testing = NonNullable<ResolvedConfig['testing']>;

function settingsOf(testing: Testing, { sessions }: ResolvedConfiguration): RunSettings {
  const { isolation = 'file', leaks = 'fail', keepFailed = false, database = null } = testing;
  const { variables = {}, outside = 'refuse' } = testing;
  const { timeoutMs = null } = sessions;
  return { isolation, leaks, keepFailed, database, variables, outside, timeoutMs };
}

/** Tests get the password from any source. */
async function withPasswords(server: OpenedServer, control: MaintenanceSession): Promise<OpenedServer> {
  const { connection, target } = server;
  const found = await control.password();
  const isSame = connection.user === target.connection.user;
  const own =
    typeof connection.password === 'function' && !isSame ? await connection.password() : connection.password;
  const password = isSame ? (found ?? own) : own;
  return {
    ...server,
    target: {
      ...target,
      connection: { ...target.connection, ...(found === undefined ? {} : { password: found }) },
    },
    connection: { ...connection, ...(password === undefined ? {} : { password }) },
  };
}
