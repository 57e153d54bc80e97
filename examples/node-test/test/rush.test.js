import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { pool, sell, stockOf } from '../src/shop.js';

after(() => pool.end());

test('of a crowd, exactly as many get a lamp as there are', async () => {
  const sold = await Promise.all(Array.from({ length: 20 }, () => sell('lamp', 1)));
  assert.equal(sold.filter(Boolean).length, 3);
  assert.equal(await stockOf('lamp'), 0);
});
