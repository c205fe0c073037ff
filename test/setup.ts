import fc from 'fast-check'

/** Property tests draw the same cases on every run. `SEED=7 npm test` draws others. */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_261_124), numRuns: 100 })
