import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { pool, sell, stockOf } from '../src/shop.js';

after(() => pool.end());

test('what is sold is gone from the stock', async () => {
  assert.equal(await sell('lamp', 2), true);
  assert.equal(await stockOf('lamp'), 1);
});

test('what is not there is not sold', async () => {
  assert.equal(await sell('lamp', 2), false);
  assert.equal(await stockOf('lamp'), 1);
});
