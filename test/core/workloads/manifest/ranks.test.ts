import { expect, it } from 'vitest'
import { withoutRanks } from '../../../../core/workloads/manifest/ranks.ts'
import { gangEnv } from '../../../../core/workloads/over-nodes.ts'

const rank = (of: string) => ({ fieldRef: { fieldPath: `metadata.${of}['batch.kubernetes.io/job-completion-index']` } })

it('what says of a pod’s rank what a gang is told anyway is left out', () => {
  const said = gangEnv(3).filter(({ name }) => ['NNODES', 'NODE_RANK', 'MASTER_ADDR'].includes(name))
  expect(said).toHaveLength(3)
  const torch = [
    { name: 'PET_NODE_RANK', valueFrom: rank('labels') },
    { name: 'JOB_COMPLETION_INDEX', valueFrom: rank('annotations') },
    { name: 'PET_NNODES', value: '3' },
  ]
  expect(withoutRanks([...said, ...torch], 3)).toEqual([])
})

it('what says other is left in it, and so is everything else', () => {
  const env = [
    { name: 'NNODES', value: '4' },
    { name: 'NODE_RANK', value: '0' },
    { name: 'MASTER_ADDR', value: 'elsewhere' },
    { name: 'MASTER_PORT', value: '29501' },
    { name: 'RANK', valueFrom: rank('annotations') },
    { name: 'constructor', value: 'x' },
    null,
    'x',
  ]
  expect(withoutRanks(env, 3)).toEqual(env)
})
