import { variableOf, type LibpqParameters } from './libpq-parameters.js';

const keywords = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/** What a URL, a service or variables say about TLS, as libpq's environment variables. The URL comes first. */
export function toTlsEnvironment(parameters: LibpqParameters, url?: string): Record<string, string> {
  const query = new URLSearchParams(url?.split('?')[1]);
  const environment: Record<string, string> = {};
  for (const keyword of keywords) {
    const value = query.get(keyword) ?? parameters[keyword];
    // What only node-postgres knows would make libpq refuse to connect at all.
    if (value && value !== 'no-verify') environment[variableOf(keyword)] = value;
  }
  return environment;
}
