import { defineConfig } from 'vitest/config'
import { longestFirst } from './scripts/longest-first.ts'

/** What takes longest, by what it does and not by its length. */
const LONGEST = /test\/model\/|journeys\/deliveries/

/** Files run side by side on two cores; within one, tests run in the order in which they stand. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Four have runs of their own: what is deployed (`npm run test:infra`), since stacks take seconds to synthesize, and so has
    // `.ci/run`; what goes wrong at one moment after the other (`npm run test:long`); `signalbox-run`, which needs Go (`npm run test:runner`); and
    // what images are made of, which needs torch (`npm run test:images`).
    exclude: [
      'test/**/*.long.test.ts',
      'test/slow/**',
      'test/real/**',
      'test/runner/**',
      'test/images/scripts.test.ts',
      'test/images/**/*.real.test.ts',
      'test/infra/**',
      'test/docs/deploy.test.ts',
      'test/scripts/build.test.ts',
      'test/scripts/ci-run.test.ts',
      'node_modules/**',
    ],
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
    sequence: { shuffle: false, concurrent: false, sequencer: longestFirst(LONGEST) },
    restoreMocks: true,
  },
})
