import { pool } from '../src/shop.js';

// Of the whole run: the files share the pool.
after(() => pool.end());
