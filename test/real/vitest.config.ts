import { defineConfig } from 'vitest/config'

/** On the real control plane: one rig for all files, one file after another. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    exclude: ['node_modules/**'],
    globalSetup: ['test/real/setup.ts'],
    pool: 'threads',
    fileParallelism: false,
    // Above what the trials themselves wait for, so that they say what did not come.
    testTimeout: 600_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
})
