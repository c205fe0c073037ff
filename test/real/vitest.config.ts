import { defineConfig } from 'vitest/config'
import { longestFirst } from '../../scripts/longest-first.ts'

/** They wait longest for nodes, restarts and kills. */
const LONGEST = /faults\/(losses|kills|storms)|journeys\/serving|cluster\/contract/

/** On the real control plane: one rig for all files, two of them at a time, each under names of its own: most of it is waiting. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    exclude: ['node_modules/**'],
    globalSetup: ['test/real/setup.ts'],
    pool: 'threads',
    maxWorkers: 2,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    sequence: { sequencer: longestFirst(LONGEST) },
    // Above what the trials themselves wait for, so that they say what did not come.
    testTimeout: 600_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
})
