const { Client } = require('pg');

const client = new Client({ application_name: 'clustered' });
client.on('error', () => process.disconnect());
void client.connect().then(() => process.send('connected'));
