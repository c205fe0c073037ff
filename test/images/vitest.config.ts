import { defineConfig } from 'vitest/config'

/**
 * What images are made of, for real: a tiny random model is trained, killed, resumed and merged behind `signalbox-run`, against a stand-in of
 * S3, and Evidently compares samples. Needs Go, Python for moto, and a Python with torch or one with Evidently (`docs/presets.md`), so it is no part of `.ci/run`.
 */
export default defineConfig({
  test: {
    include: ['test/images/**/*.real.test.ts'],
    exclude: ['node_modules/**'],
    pool: 'threads',
    maxWorkers: 1,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Python alone takes half a minute to import torch where its files are cold.
    testTimeout: 900_000,
    hookTimeout: 600_000,
    restoreMocks: true,
  },
})
