import type { ConnectionSettings } from '@pg-evict/core';

/** Stands, in JSON, for the function that does not check the host's name: `sslmode` require and verify-ca. */
const unchecked = 'unchecked';

interface TlsOptions {
  readonly checkServerIdentity?: unknown;
}

/** Settings of which JSON keeps all. */
export function toPlainTls<T extends ConnectionSettings>(settings: T): T {
  const { ssl } = settings;
  if (typeof ssl !== 'object' || typeof (ssl as TlsOptions).checkServerIdentity !== 'function')
    return settings;
  return { ...settings, ssl: { ...ssl, checkServerIdentity: unchecked } };
}

/** What {@link toPlainTls} was given. */
export function restoreTls<T extends ConnectionSettings>(settings: T): T {
  const { ssl } = settings;
  if (typeof ssl !== 'object' || (ssl as TlsOptions).checkServerIdentity !== unchecked) return settings;
  return { ...settings, ssl: { ...ssl, checkServerIdentity: () => undefined } };
}
