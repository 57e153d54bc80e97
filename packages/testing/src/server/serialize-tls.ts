import type { ConnectionSettings } from '@pg-evict/core';

/** Stands, in JSON, for the function that does not check the host's name: `sslmode` require and verify-ca. */
const unchecked = 'unchecked';

/** Stands, in JSON, for a certificate or key that was read without an encoding. */
interface PlainBytes {
  readonly base64: string;
}

/** Settings of which JSON keeps all. */
export function toPlainTls<T extends ConnectionSettings>(settings: T): T {
  return withTls(settings, (name, value) => {
    if (name === 'checkServerIdentity' && typeof value === 'function') return unchecked;
    return Buffer.isBuffer(value) ? ({ base64: value.toString('base64') } satisfies PlainBytes) : value;
  });
}

/** The argument that {@link toPlainTls} was given. */
export function restoreTls<T extends ConnectionSettings>(settings: T): T {
  return withTls(settings, (name, value) => {
    if (name === 'checkServerIdentity' && value === unchecked) return () => undefined;
    const { base64 } = Object(value) as Partial<PlainBytes>;
    return base64 === undefined ? value : Buffer.from(base64, 'base64');
  });
}

/** Each option of TLS, or each of several values that it has, as `change` has it. */
function withTls<T extends ConnectionSettings>(
  settings: T,
  change: (name: string, value: unknown) => unknown,
): T {
  if (typeof settings.ssl !== 'object') return settings;
  const changed = Object.entries(settings.ssl).map(([name, value]: [string, unknown]) => [
    name,
    Array.isArray(value) ? value.map((one) => change(name, one)) : change(name, value),
  ]);
  return { ...settings, ssl: Object.fromEntries(changed) as object };
}
