import type { Session } from '@pg-evict/core';

/** Fewer sessions can be counted by eye. */
const many = 20;

/** How many sessions are in each state, the most frequent first: `470 idle, 19 active; 3 wait for a lock`. */
export function countStates(sessions: readonly Session[]): string {
  const counts = new Map<string, number>();
  for (const { state } of sessions) {
    const name = state ?? 'unknown';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const states = [...counts].toSorted(([, a], [, b]) => b - a).map(([state, count]) => `${count} ${state}`);
  const waiting = sessions.filter(({ blockedBy }) => blockedBy.length > 0).length;
  const locks = waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for a lock`;
  return `${states.join(', ')}${locks}`;
}

/** The same after a colon, for a list that is too long to be counted by eye; else empty. */
export function statesOfMany(sessions: readonly Session[]): string {
  return sessions.length > many ? `: ${countStates(sessions)}` : '';
}
