const { Pool } = require('pg');

void new Pool().query('SELECT 1 AS load').catch(() => undefined);

throw new Error('it does not even load');
