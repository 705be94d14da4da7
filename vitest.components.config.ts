import { defineConfig } from 'vitest/config';

/** Unmodified components of Kubernetes on our files. Apart from `npm test`: building them takes minutes the first time. */
export default defineConfig({
  test: {
    name: 'components',
    include: ['test/components/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 1_800_000,
    reporters: ['default', './test/closing-line.ts'],
  },
});
