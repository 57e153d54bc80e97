import { ServerError } from '../server-error.js';
import type { EmbeddedServerOptions } from './embedded-server-options.js';

/** Where every embedded server listens. */
export const host = '127.0.0.1';

const defaults: Readonly<Record<string, string>> = {
  listen_addresses: host,
  unix_socket_directories: '',
  // The data lives no longer than the server, so nothing has to survive a crash of the machine.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Segments in the data directory go with it; those in /dev/shm would outlive a postmaster that was killed.
  dynamic_shared_memory_type: 'mmap',
};

/**
 * The command line arguments that put the settings in force.
 *
 * @throws {ServerError} `OPTIONS_INVALID` for what cannot be a setting, and for those that are not free.
 */
export function postgresArguments(settings: EmbeddedServerOptions['settings'] = {}): string[] {
  return Object.entries({ ...defaults, ...settings }).flatMap(([name, value]) => {
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
