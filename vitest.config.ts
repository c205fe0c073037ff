import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'
import { EXCLUDED } from './scripts/switched-off.mjs'

/** Files run side by side on two cores; within one, tests run in the order in which they stand. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/real/**', 'node_modules/**', ...EXCLUDED],
    setupFiles: ['test/setup.ts'],
    passWithNoTests: false,
    pool: 'threads',
    // Modules hold no state, so files may share them: nothing is loaded twice by a worker.
    isolate: false,
    // Node runs the sources itself, as it does everywhere else: nothing is transformed, and names are bound instead of looked up.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    maxWorkers: 2,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    sequence: { shuffle: false, concurrent: false, sequencer: LongestFirst },
    restoreMocks: true,
  },
})
