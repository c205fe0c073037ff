import { lane } from '../../scripts/lane.ts'
import { outagesOf, playAll } from '../journeys/threads.ts'

/** Walks of sixty deeds. */
const WALKS = 40
const walks = Array.from({ length: WALKS }, (_, n) => ({
  what: `walk ${n + 1}: it comes to rest, as the sources say`,
  task: { walk: 'whatever' as const, seed: n + 1, steps: 60 },
}))

/** Far sides that are away at each moment of a way back; and whatever people, outages and deaths do, in many orders. */
await lane((check) => playAll(check, [...outagesOf(['walk-back']), ...walks]))
