/**
 * The oldest and the newest major version of PostgreSQL that pg-evict is tested with; all majors in between are tested,
 * too.
 */
export const testedMajors = { oldest: 13, newest: 18 } as const;

/** The server's major version if pg-evict is not tested with it; `null` if it is. */
export function untestedMajorOf(versionNumber: number): number | null {
  const major = Math.floor(versionNumber / 10_000);
  return major < testedMajors.oldest || major > testedMajors.newest ? major : null;
}
