import { createColors } from 'picocolors';
import type { CommandContext } from '../context/command-context.js';
import { describeDatabase, listSessions, PgEvictError, sharedDeadline } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import { type FilterOptions, toFilter } from '../options/filter.js';
import type { GlobalOptions } from '../options/global.js';
import { runCommand } from '../perform/run-command.js';
import { filtersByHidden, isHidden } from '../sessions/hidden.js';
import { toJsonSession } from '../sessions/json.js';
import { fullLayout } from '../sessions/layout.js';
import { type Listing, sessionList } from '../sessions/list.js';
import { wantsColor } from '../terminal/color.js';
import { done } from '../terminal/exit-code.js';
import { toJsonText } from '../terminal/json.js';
import { startProgress } from '../terminal/progress.js';

/** The options of `pg-evict sessions`. */
export interface SessionsOptions extends GlobalOptions, FilterOptions, EndingOptions {
  readonly watch?: true;
  readonly interval: number;
}

/** `pg-evict sessions [database]` */
export async function sessions(database: string | undefined, options: SessionsOptions): Promise<void> {
  const list = async (context: CommandContext): Promise<number> => {
    if (options.watch === true) {
      if (options.json === true || options.quiet === true) {
        throw new PgEvictError('CONFIG_INVALID', '--watch cannot be combined with --json or --quiet.', {
          hint: 'Call it once for each look: pg-evict sessions --json',
        });
      }
      const { watchSessions } = await import('../sessions/watch.js');
      return watchSessions(context, options.interval, async () =>
        look({ ...context, deadline: sharedDeadline(context.deadlineEach) }, options),
      );
    }
    const progress = startProgress(options);
    const listing = await look(context, options).finally(progress.stop);
    if (options.json === true) {
      process.stdout.write(
        toJsonText({
          database: listing.database,
          sessions: listing.sessions.map(toJsonSession),
          protection: listing.protection,
        }),
      );
    } else if (options.quiet !== true) {
      process.stdout.write(
        sessionList(listing, createColors(wantsColor(process.stdout)), fullLayout(process.stdout, options)),
      );
    }
    return done;
  };
  await runCommand(database, options, list, { readsOnly: true });
}

async function look(
  { target, deadline, ending }: CommandContext,
  options: SessionsOptions,
): Promise<Listing> {
  // All at once; the error of the list is the one to report, because it is more precise.
  const [sessionsFound, description, everybody] = await Promise.allSettled([
    listSessions(target, { ...deadline, filter: toFilter(options), keep: ending.keep }),
    describeDatabase(target, deadline),
    filtersByHidden(options) ? listSessions(target, deadline) : undefined,
  ]);
  if (sessionsFound.status === 'rejected') throw sessionsFound.reason;
  if (description.status === 'rejected') throw description.reason;
  if (everybody.status === 'rejected') throw everybody.reason;
  return {
    database: description.value.database,
    role: description.value.role,
    sessions: sessionsFound.value,
    isFiltered: Object.values(toFilter(options)).some((value) => value !== undefined),
    hidden: (everybody.value ?? sessionsFound.value).filter(isHidden).length,
    protection: description.value.protection,
  };
}
