const { Client } = require('pg');

module.exports = {
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
