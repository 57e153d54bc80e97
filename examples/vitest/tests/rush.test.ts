import { afterAll, expect, test } from 'vitest';
import { pool, sell, stockOf } from '../src/shop.js';

afterAll(async () => pool.end());

test('of a crowd, exactly as many get a lamp as there are', async () => {
  const sold = await Promise.all(Array.from({ length: 20 }, async () => sell('lamp', 1)));
  expect(sold.filter(Boolean)).toHaveLength(3);
  expect(await stockOf('lamp')).toBe(0);
});
