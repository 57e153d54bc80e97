/**
 * The environment of all processes of a server: nothing of this process's environment (it may hold secrets, and PG*
 * variables would take effect), except for paths, locale and time zone.
 */
export function serverEnvironment(libraryPath?: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
    ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }),
  };
}
