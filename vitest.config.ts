import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The longest a file may take to close what it opened: real servers are shut down, not abandoned.
    teardownTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts', 'test/transcripts/**/*.test.ts'],
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: [
            'test/conformance/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/fidelity/**/*.test.ts',
          ],
          // Real servers and measured holds: two files at once on two cores would measure each other.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'newest',
          include: ['test/newest/**/*.test.ts'],
          globalSetup: ['test/newest/setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
