import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

// A test, which shares the worker's realm, may replace them.
const { parse, stringify } = JSON;

/** Calls back with each line of JSON that arrives on a socket. */
export function onLines(socket: Socket, callback: (message: unknown) => void): void {
  const decoder = new StringDecoder('utf8');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = (text + decoder.write(chunk)).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) callback(parse(line));
  });
}

/** A message as it goes over a socket. */
export function toLine(message: object): string {
  return `${stringify(message)}\n`;
}
