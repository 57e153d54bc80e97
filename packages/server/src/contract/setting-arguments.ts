import { ServerError } from './server-error.js';

/** Settings of postgresql.conf. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** The data lives no longer than the server, so nothing has to survive a crash of the machine. */
export const settingsForSpeed: Settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/**
 * The command line arguments of `postgres` that apply the settings.
 *
 * @throws {ServerError} `OPTIONS_INVALID` for names and values that cannot be a setting, and for settings that pg-evict
 * sets itself.
 */
export function settingArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) {
      throw new ServerError('OPTIONS_INVALID', `settings: ${JSON.stringify(name)} is no name of a setting.`);
    }
    if (['port', 'data_directory', 'external_pid_file'].includes(name.toLowerCase())) {
      throw new ServerError('OPTIONS_INVALID', `settings.${name} cannot be set: startServer chooses it.`);
    }
    const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
    if (text.includes('\0')) {
      throw new ServerError('OPTIONS_INVALID', `settings.${name} must not contain a null character.`);
    }
    return ['-c', `${name}=${text}`];
  });
}
