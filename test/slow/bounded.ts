import { lane } from '../../scripts/lane.ts'
import { playAll } from '../journeys/threads.ts'

/** Walks of fifteen deeds, each over the end of a month: as many as the command says. */
const WALKS = Number(process.argv[2] ?? 250)
const walks = Array.from({ length: WALKS }, (_, n) => ({
  what: `walk ${n + 1}: never more GPUs than its pool may have, never more dollars than its budget and approvals`,
  task: { walk: 'bounded' as const, seed: n + 1, steps: 15 },
}))

/** Uploads, drift, leases, rungs, answers and the end of a month, in many orders. */
await lane((check) => playAll(check, walks))
