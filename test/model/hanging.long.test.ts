import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { label } from '../../core/names.ts'
import { nextRollOut } from '../../core/steps/roll-out-model.ts'
import { ROLLOUT_CORE, Rollout, type RolloutCore } from './rollout.ts'
import { exploreRollout } from './rollout-explore.ts'
import { rolloutConfigs } from './rollout-worlds.ts'

/** Far more than it takes: other tests run beside it. Milliseconds. */
const PATIENCE = 120_000
const [POOL, GPUS] = ['gpu-serve', 8]

/** A pod of this generation that had to have ended so long before each look, milliseconds. */
const hanging = (generation: number, now: number, ago: number) =>
  ({
    metadata: { labels: { [label('generation')]: String(generation) }, deletionTimestamp: new Date(now - ago) },
    spec: {
      nodeName: 'n',
      nodeSelector: { 'karpenter.sh/nodepool': POOL },
      containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': String(GPUS) } } }],
    },
    status: { phase: 'Running' },
  }) as unknown as V1Pod

/** The product where such a pod is there all the way, in a pool of so many replicas, that one included. */
const beside = (generation: number, slots: number): RolloutCore => ({
  ...ROLLOUT_CORE,
  nextRollOut: (step, seen) =>
    nextRollOut(step, {
      ...seen,
      pods: [hanging(generation, seen.now, 10 * 60_000)],
      room: { gpus: { [POOL]: slots * GPUS }, guard: {} },
    }),
})

describe.each([1, 2])('a pod of generation %d that its node never ends', (generation) => {
  it.each(rolloutConfigs)(
    'beside $name: where the pool has room for it everything goes as without it',
    { timeout: PATIENCE },
    (config) => {
      const [without, explored] = [ROLLOUT_CORE, beside(generation, config.slots + 1)].map((core) =>
        exploreRollout(new Rollout(config, core)),
      )
      expect(Object.fromEntries(explored?.found ?? [])).toEqual({})
      expect([explored?.states, [...(explored?.ends ?? [])].sort()]).toEqual([
        without?.states,
        [...(without?.ends ?? [])].sort(),
      ])
    },
  )

  it.each(rolloutConfigs)(
    'in the way of $name: it takes nothing away that answers, and ends where something is asked',
    { timeout: PATIENCE },
    (config) => {
      const explored = exploreRollout(new Rollout(config, beside(generation, config.slots)))
      expect(Object.fromEntries(explored.found)).toEqual({})
    },
  )
})
