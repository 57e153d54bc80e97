import type { Session } from '@pg-evict/core';

/** A session and the branches before its pid, so that a waiting session hangs below the one that it waits for. */
export interface Branch {
  readonly session: Session;
  readonly prefix: string;
}

/**
 * Arranges sessions by the sessions they wait for, otherwise in the order given. A session that waits for several hangs
 * below the last of them in the queue, because that one waits for the others in most cases; `blockedBy` still names
 * all.
 */
export function lockTree(sessions: readonly Session[]): Branch[] {
  const pids = new Set(sessions.map(({ pid }) => pid));
  const depth = depths(sessions);
  const children = new Map<number, Session[]>();
  const roots: Session[] = [];
  for (const session of sessions) {
    const [parent] = session.blockedBy
      .filter((pid) => pids.has(pid) && pid !== session.pid)
      .toSorted((a, b) => depth(b) - depth(a));
    if (parent === undefined) roots.push(session);
    else children.set(parent, [...(children.get(parent) ?? []), session]);
  }
  const branches: Branch[] = [];
  const seen = new Set<number>();
  const add = (session: Session, prefix: string, below: string): void => {
    if (seen.has(session.pid)) return;
    seen.add(session.pid);
    branches.push({ session, prefix });
    const waiting = children.get(session.pid) ?? [];
    for (const [index, child] of waiting.entries()) {
      const isLast = index === waiting.length - 1;
      add(child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`);
    }
  };
  for (const root of roots) add(root, '', '');
  // Sessions in a deadlock that the server has not yet broken have no root.
  for (const session of sessions) add(session, '', '');
  return branches;
}

/** How many sessions wait before each: in a queue every session waits for all before it, so each is looked at once. */
function depths(sessions: readonly Session[]): (pid: number) => number {
  const byPid = new Map(sessions.map((session) => [session.pid, session]));
  const known = new Map<number, number>();
  const depth = (pid: number): number => {
    const found = known.get(pid);
    if (found !== undefined) return found;
    // A session that is reached again while it is being counted is part of a deadlock.
    known.set(pid, 0);
    const result = Math.max(0, ...(byPid.get(pid)?.blockedBy ?? []).map((next) => 1 + depth(next)));
    known.set(pid, result);
    return result;
  };
  return depth;
}
