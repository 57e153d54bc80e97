const { Client } = require('pg');

module.exports = {
  testing: {
    template: {
      async setup(url) {
        const client = new Client({ connectionString: url });
        await client.connect();
        await client.query("CREATE TABLE notes AS SELECT 'template' AS text");
        await client.end();
      },
      inputs: 'pg-evict.config.cjs',
    },
  },
};
