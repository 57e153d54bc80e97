import { connect } from 'node:net';

/** Where a server is to answer. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const protocol3 = 196_608;
const patienceMs = 5_000;

/**
 * Whether a server accepts clients at its published address: whether it answers the message that begins a session, as
 * `pg_isready` checks ({@link https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP}). An open
 * port proves nothing: the engine opens it before there is a server.
 */
export function answersClients(
  { host, port, user, database }: ServerAddress,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    const giveUp = (): void => settle(false);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.setTimeout(patienceMs, giveUp);
    socket.on('error', giveUp);
    socket.on('close', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(false);
    });
    socket.on('connect', () =>
      socket.write(startupMessage({ user, database, application_name: 'pg-evict' })),
    );
    // R requests the password; an error other than "cannot connect now" comes from a running server, too.
    socket.on('data', (answer) => {
      settle(answer[0] === 0x52 || (answer[0] === 0x45 && !answer.includes('C57P03\0')));
    });
  });
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters)
    .flat()
    .map((part) => `${part}\0`)
    .join('');
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length);
  head.writeInt32BE(protocol3, 4);
  return Buffer.concat([head, body]);
}
