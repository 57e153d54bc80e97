import { Client } from 'pg';

export default {
  connection: process.env.DATABASE_URL,
  testing: {
    template: {
      inputs: ['pg-evict.config.js'],
      async setup(url) {
        const client = new Client(url);
        await client.connect();
        await client.query('CREATE TABLE notes (text text)');
        await client.end();
      },
    },
  },
};
