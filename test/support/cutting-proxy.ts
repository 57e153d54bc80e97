import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut, as a network or a load balancer does. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refusing = false;
  #swallowing = false;
  #silentAt: RegExp | undefined;
  #firstAfterMs: number | undefined;
  #newAfterMs = 0;
  #cutAt: { readonly sent: RegExp; countdown: number } | undefined;
  /** How many connections were made. */
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(host: string, port: number): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server);
    server.on('connection', (downstream) => {
      proxy.connections += 1;
      if (proxy.#refusing) {
        downstream.resetAndDestroy();
        return;
      }
      if (proxy.#swallowing || (proxy.#firstAfterMs !== undefined && proxy.connections > 1)) {
        proxy.#sockets.add(downstream);
        downstream.on('error', () => undefined).resume();
        return;
      }
      const carry = (): void => proxy.#carry(downstream, connect(port, host));
      const afterMs = proxy.#firstAfterMs ?? proxy.#newAfterMs;
      if (afterMs === 0) carry();
      else setTimeout(carry, afterMs);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection; new ones are let through. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Cuts every connection, and each new one at once, until {@link CuttingProxy.letThrough}. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Lets new connections through again. */
  letThrough(): void {
    this.#refusing = false;
    this.#swallowing = false;
    this.#silentAt = undefined;
  }

  /** Takes whatever a new connection sends, and says nothing. */
  swallow(): void {
    this.#swallowing = true;
  }

  /** Carries nothing any more, and says nothing about it: a firewall that has forgotten the connections. */
  fallSilent(): void {
    this.#holdBack();
    this.#server.close();
  }

  /** Carries what a client sends so far as it contains something, and from then on nothing; new connections hang. */
  fallSilentAfter(sent: RegExp): void {
    this.#silentAt = sent;
  }

  /** Cuts the nth connection whose client sends something, before the server has it. */
  cutAt(sent: RegExp, nth: number): void {
    this.#cutAt = { sent, countdown: nth };
  }

  /** Carries each new connection only after a time. */
  delayNew(afterMs: number): void {
    this.#newAfterMs = afterMs;
  }

  /** Carries the first connection after a time, and no other. */
  carryFirstOnly(afterMs: number): void {
    this.#firstAfterMs = afterMs;
  }

  #carry(downstream: Socket, upstream: Socket): void {
    downstream.on('data', (chunk: Buffer) => {
      if (this.#cutAt?.sent.test(chunk.toString('latin1')) === true && --this.#cutAt.countdown === 0) {
        upstream.destroy();
        downstream.resetAndDestroy();
      }
      if (this.#silentAt?.test(chunk.toString('latin1')) !== true) return;
      this.swallow();
      this.#holdBack();
    });
    for (const [from, to] of [
      [downstream, upstream],
      [upstream, downstream],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }

  #holdBack(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** Cuts every connection and lets none through any more. */
  stop(): void {
    this.#server.close();
    this.cut();
  }
}
