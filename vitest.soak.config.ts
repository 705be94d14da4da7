import { defineConfig } from 'vitest/config';

/** Years of a fleet at simulated time: a quarter of an hour and more. */
export default defineConfig({
  test: {
    name: 'soak',
    include: ['test/soak/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 3_600_000,
    reporters: ['default', './test/closing-line.ts'],
  },
});
