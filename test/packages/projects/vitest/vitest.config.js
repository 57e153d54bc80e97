import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({ plugins: [pgEvict()], test: { globals: true, include: ['*.test.js'] } });
