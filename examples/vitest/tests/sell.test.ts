import { afterAll, expect, test } from 'vitest';
import { pool, sell, stockOf } from '../src/shop.js';

afterAll(async () => pool.end());

test('what is sold is gone from the stock', async () => {
  expect(await sell('lamp', 2)).toBe(true);
  expect(await stockOf('lamp')).toBe(1);
});

test('what is not there is not sold', async () => {
  expect(await sell('lamp', 2)).toBe(false);
  expect(await stockOf('lamp')).toBe(1);
});
