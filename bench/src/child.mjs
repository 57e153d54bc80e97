import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Starts one of our files as a process of its own that connects with `connection`: clients in our process would
 * take part in what is measured. It answers each message with one.
 */
export function startChild(file, connection) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: {
      ...process.env,
      PGHOST: connection.host,
      PGPORT: String(connection.port),
      PGUSER: connection.user,
      PGPASSWORD: connection.password,
      PGDATABASE: connection.database,
    },
  });
  const gone = once(child, 'exit');
  let answer = (_message) => undefined;
  child.on('message', (message) => answer(message));
  child.once('exit', () => answer({ failure: 'the process ended early' }));
  return {
    async ask(question) {
      const message = await new Promise((resolve) => {
        answer = resolve;
        child.send(question);
      });
      if (message.failure !== undefined) throw new Error(`${file}: ${message.failure}`);
      return message;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}
