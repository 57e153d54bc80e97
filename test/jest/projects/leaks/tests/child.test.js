const { spawn } = require('node:child_process');

test('leaves a process that is connected', async () => {
  const script = `
    const { Client } = require('pg');
    const client = new Client({ application_name: 'child' });
    client.on('error', () => process.exit());
    client.connect().then(() => console.log('connected'));`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: __dirname,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  child.unref();
});
