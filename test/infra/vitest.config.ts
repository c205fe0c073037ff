import { defineConfig } from 'vitest/config'

/** What is deployed: the stacks, which take seconds to synthesize, what is told of them, and the doors as bundles; and what runs all of it. */
export default defineConfig({
  test: {
    include: [
      'test/infra/**/*.test.ts',
      'test/docs/deploy.test.ts',
      'test/scripts/build.test.ts',
      'test/scripts/ci-run.test.ts',
    ],
    setupFiles: ['test/setup.ts'],
    pool: 'threads',
    isolate: false,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    maxWorkers: 2,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
})
