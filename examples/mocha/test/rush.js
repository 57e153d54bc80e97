import assert from 'node:assert/strict';
import { sell, stockOf } from '../src/shop.js';

describe('a crowd', () => {
  it('gets exactly as many lamps as there are', async () => {
    const sold = await Promise.all(Array.from({ length: 20 }, () => sell('lamp', 1)));
    assert.equal(sold.filter(Boolean).length, 3);
    assert.equal(await stockOf('lamp'), 0);
  });
});
