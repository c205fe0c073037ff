import { expect, it } from 'vitest'
import { exampleWith, problemsOf } from '../training-fixture.ts'

const TRAIN = 'pipelines.support-chats.stages.0.pod'
const [CAPACITY, TYPE] = ['karpenter.sh/capacity-type', 'node.kubernetes.io/instance-type']

it.each([
  [TRAIN, 'gpu-train', CAPACITY, 'spot', 'write on-demand, leave it out, or say `pools.gpu-train.capacityTypes`'],
  ['services.support-llama.pod', 'gpu-serve', TYPE, 'p5.48xlarge', 'write g6e.12xlarge, leave it out, or say'],
])('%s that asks for nodes that %s never has is told so: %s', (path, pool, label, asked, words) => {
  expect(problemsOf(exampleWith([path, { nodeSelector: { [label]: asked } }]))).toEqual([
    expect.stringMatching(
      new RegExp(`^${path}.nodeSelector.${label}: no node of \`${pool}\` has it, .*${words}.*; found "${asked}"$`),
    ),
  ])
})

it('one that asks for what its pool has, or for what it does not decide, is right', () => {
  for (const nodeSelector of [{ [CAPACITY]: 'spot' }, { [CAPACITY]: 'on-demand' }, { 'acme.dev/rack': 'a' }])
    expect(
      problemsOf(exampleWith([TRAIN, { nodeSelector }], ['pools.gpu-train.capacityTypes', ['spot', 'on-demand']])),
    ).toEqual([])
})
