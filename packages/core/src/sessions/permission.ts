import type { Blocker } from '../contract/blocker.js';
import { attachRemedies, remediesOf, withRemedy } from '../contract/remedy.js';
import type { DeniedSession, Session } from '../contract/session.js';
import { describeSession, sessionKind } from './describe.js';
import { keptCondition } from './filter.js';

/** Whether a session may be terminated, and the facts that decide it, as {@link permissionColumns} return them. */
export interface Permission {
  readonly can_terminate: boolean;
  /** Matches a pattern of sessions to keep. */
  readonly kept: boolean;
  readonly superuser_owned: boolean;
  readonly current_role: string;
  /** The facts that decide how a missing privilege has to be granted. */
  readonly role_inherits: boolean;
  readonly member_of_signallers: boolean;
  readonly version: number;
}

/**
 * The columns of a {@link Permission}, from {@link permissionTables}.
 *
 * Whether a role may end a session follows `pg_signal_backend()` in `src/backend/storage/ipc/signalfuncs.c`: a
 * superuser's session, or a process without a role, needs a superuser; any other needs the privileges of its role
 * or of `pg_signal_backend`.
 */
export const permissionColumns = `
  NOT k.kept AND (me.super OR (a.usesysid IS NOT NULL AND r.rolsuper IS NOT TRUE
    AND (me.signaller OR pg_has_role(me.oid, a.usesysid, 'USAGE')))) AS can_terminate, k.kept,
  coalesce(r.rolsuper, false) AS superuser_owned, me.name AS current_role,
  me.inherits AS role_inherits, me.member_of_signallers, me.version`;

/**
 * The tables that {@link permissionColumns} need, beside `pg_stat_activity a` and `me` ({@link currentRoleQuery}).
 *
 * @param keep the parameter of sessions to keep
 */
export const permissionTables = (keep: string): string => `
  LEFT JOIN pg_roles r ON r.oid = a.usesysid CROSS JOIN LATERAL (SELECT ${keptCondition(keep)} AS kept) AS k`;

/** The reason why this role may not terminate a session, and the remedy. */
export function deniedSession(session: Session, permission: Permission): DeniedSession {
  const { user } = session;
  const role = permission.current_role;
  if (permission.kept) {
    const text = 'Ask its user to disconnect, or take its pattern out of the sessions to keep.';
    return withRemedy({ session, reason: 'it is one of those to keep' }, { kind: 'advice', text });
  }
  if (permission.superuser_owned) {
    const reason = `it belongs to the superuser "${user}", and only a superuser may terminate it`;
    return withRemedy({ session, reason }, { kind: 'be-superuser', or: user ?? undefined });
  }
  if (user === null) {
    const reason = 'it is a background process, and only a superuser may terminate it';
    return withRemedy({ session, reason }, { kind: 'be-superuser', or: undefined });
  }
  const reason = `it belongs to the role "${user}", whose privileges role "${role}" does not have`;
  return withRemedy(
    { session, reason },
    {
      kind: 'allow-signal',
      to: role,
      inherits: permission.role_inherits,
      member: permission.member_of_signallers,
      option: 'INHERIT',
      versionNumber: permission.version,
    },
  );
}

/** A denied session as a blocker. */
export function deniedBlocker(denied: DeniedSession, database: string): Blocker {
  const { session, reason, remedy } = denied;
  const blocker = {
    kind: sessionKind(session),
    name: String(session.pid),
    database,
    detail: `${describeSession(session)} may not be terminated: ${reason}.`,
    remedy,
    session,
  };
  const remedies = remediesOf(denied);
  return remedies === undefined ? blocker : attachRemedies(blocker, remedies);
}
