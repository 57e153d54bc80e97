import type { ResolvedConfiguration } from './resolve-target.js';

/** Names the origin of the connection for a message, and that of the role if the configuration has an `admin`. */
export function describeConnectionOrigin({
  connection,
  sources,
}: Pick<ResolvedConfiguration, 'connection' | 'sources'>): string {
  const { admin } = sources;
  const { description } = connection.source;
  return admin === undefined ? description : `${description}, with the role of "admin" in ${admin}`;
}
