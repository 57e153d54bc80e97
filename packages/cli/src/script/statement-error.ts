import type { ServerMessage } from './server-message.js';

/** The server refused a statement, or the connection was lost. */
export class StatementError extends Error {
  /** `undefined` if the server sent no message. */
  readonly said: ServerMessage | undefined;

  constructor(message: string, said: ServerMessage | undefined) {
    super(message);
    this.said = said;
  }
}
