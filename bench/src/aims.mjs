/** How long ours may take against so many sessions, as a share of WITH (FORCE); `undefined` where nothing is aimed at. */
export function aimAt(sessions) {
  if (sessions >= 1 && sessions <= 10) return 0.25;
  if (sessions === 50) return 0.6;
  if (sessions === 300) return 1.1;
  return undefined;
}
