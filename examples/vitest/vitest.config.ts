import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [pgEvict()],
  // For slow machines.
  test: { testTimeout: 60_000, hookTimeout: 60_000 },
});
