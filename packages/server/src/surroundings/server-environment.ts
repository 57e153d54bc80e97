/**
 * The environment of all processes of a server: nothing of this process's (it may hold secrets, and PG*
 * variables would be obeyed) but what says where and when we are.
 */
export function serverEnvironment(libraryPath?: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
    ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }),
  };
}
