import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port of `host` that was free a moment ago. */
export async function freePort(host: string): Promise<number> {
  const listener = createServer();
  listener.listen(0, host);
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has an address.');
  return address.port;
}
