import { settingArguments, type Settings, settingsForSpeed } from '../contract/setting-arguments.js';

/** Where every embedded server listens. */
export const host = '127.0.0.1';

const defaults: Settings = {
  ...settingsForSpeed,
  listen_addresses: host,
  unix_socket_directories: '',
  // Segments in the data directory go with it; those in /dev/shm would outlive a postmaster that was killed.
  dynamic_shared_memory_type: 'mmap',
};

/**
 * The command line arguments that apply the settings.
 *
 * @throws {ServerError} `OPTIONS_INVALID` for names and values that cannot be a setting, and for settings that pg-evict
 * sets itself.
 */
export function postgresArguments(settings: Settings = {}): string[] {
  return settingArguments({ ...defaults, ...settings });
}
