import { cpus, platform, arch } from 'node:os';

/** What figures depend on. */
export function describeMachine(server) {
  return {
    postgresql: server.version,
    data: server.dataDirectory.startsWith('/dev/shm/') ? 'in memory (tmpfs)' : 'on disk',
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpus: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}
