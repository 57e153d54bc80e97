// A process of a test runner that looks for the host of its run whenever its parent tells it to, and says which it found.
import { startDetachedHost } from '@pg-evict/testing/worker';

process.on('message', (options) => {
  try {
    startDetachedHost(options);
    process.send(process.env.PG_EVICT_HOST);
  } catch (error) {
    process.send(`failed: ${error.message}`);
  }
});
process.send('ready');
