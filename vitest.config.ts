import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      // Property tests run long on a machine that others use too.
      {test: {name: 'unit', include: ['src/**/*.test.ts', 'test/golden/**/*.test.ts'], testTimeout: 30_000}},
      {
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: ['test/golden/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.ts'],
          // One cluster at a time: the control plane and the webhook share two cores.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 20 * 60_000,
        },
      },
    ],
  },
})
