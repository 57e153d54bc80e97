const cluster = require('node:cluster');

test('leaves a process of a cluster that is connected', async () => {
  cluster.setupPrimary({ exec: require.resolve('../clustered.js') });
  await new Promise((resolve) => cluster.fork().once('message', resolve));
});
