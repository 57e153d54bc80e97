import { arch, cpus, loadavg, platform } from 'node:os';

/** What figures depend on. The load tells whether the machine did anything else meanwhile. */
export function describeMachine(server) {
  return {
    postgresql: server.version,
    data: server.dataDirectory.startsWith('/dev/shm/') ? 'in memory (tmpfs)' : 'on disk',
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpus: cpus().length,
    load: loadavg()[0],
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}
