import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';

// The same test files, run by Vitest.
export default defineConfig({ plugins: [pgEvict()], test: { globals: true, include: ['*.test.js'] } });
