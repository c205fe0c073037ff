import { defineConfig } from 'vitest/config'

/** `signalbox-run` as a program: its own tests in Go, and as real processes against a stand-in of S3. Needs Go, and Python for moto. */
export default defineConfig({
  test: {
    // Scripts of images are tried here too: they need Python alone.
    include: ['test/runner/**/*.test.ts', 'test/images/scripts.test.ts'],
    exclude: ['node_modules/**'],
    pool: 'threads',
    maxWorkers: 2,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    testTimeout: 120_000,
    // The first time Go compiles the SDK.
    hookTimeout: 300_000,
    restoreMocks: true,
  },
})
