/** Where a server listens, as far as a socket can tell. */
export interface ServerEndpoint {
  /** A name, an address, or the folder of the Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** The destination that a socket was told to connect to. */
export interface SocketTarget {
  readonly host: string | null;
  readonly port: number | null;
  /** Of a Unix socket. */
  readonly path: string | null;
}

/**
 * Whether a socket goes to the server. Decided by the port alone, which is also in the name of the Unix socket: one
 * server has many names (`localhost`, `127.0.0.1`, `db`). Later the server itself is asked whether the session exists.
 */
export function isServer(target: SocketTarget, { port }: ServerEndpoint): boolean {
  return target.path === null ? target.port === port : target.path.endsWith(`/.s.PGSQL.${port}`);
}

/** Reads the parameters of `net.Socket.connect`: options, a port and a host, a path; or Node's own array of them. */
export function targetOf(parameters: readonly unknown[]): SocketTarget {
  const [first, second] = Array.isArray(parameters[0]) ? (parameters[0] as unknown[]) : parameters;
  if (typeof first === 'object' && first !== null) {
    const { host, port, path } = first as { host?: unknown; port?: unknown; path?: unknown };
    return {
      host: typeof host === 'string' ? host : null,
      port: port === undefined || port === null ? null : Number(port),
      path: typeof path === 'string' ? path : null,
    };
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { host: null, port: null, path: first };
  return { host: typeof second === 'string' ? second : null, port: Number(first), path: null };
}
