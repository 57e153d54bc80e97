const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** A size as `pg_size_pretty` shows it: `7580 kB`, `12 MB`. */
export function formatSize(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 10_240 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Math.round(size)} ${units[unit] ?? ''}`;
}
