import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { EXCLUDED } from './scripts/switched-off.mjs'

/** What takes longest, by what it does and not by its length. */
const LONGEST = /test\/(model|faults)\/|journeys\/(deliveries|outages)|flows\/look/

/** The longest files begin first, also where no earlier run has told how long each takes: no core waits for the other at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

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
    maxWorkers: 2,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    sequence: { shuffle: false, concurrent: false, sequencer: LongestFirst },
    restoreMocks: true,
  },
})
