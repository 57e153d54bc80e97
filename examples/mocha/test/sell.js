import assert from 'node:assert/strict';
import { sell, stockOf } from '../src/shop.js';

describe('sell', () => {
  it('takes what is sold from the stock', async () => {
    assert.equal(await sell('lamp', 2), true);
    assert.equal(await stockOf('lamp'), 1);
  });

  it('does not sell what is not there', async () => {
    assert.equal(await sell('lamp', 2), false);
    assert.equal(await stockOf('lamp'), 1);
  });
});
