import { expect, it } from 'vitest'
import { nodeClassFindings } from '../../../cli/commands/doctor-nodes.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Answer, Call } from '../../../effects/cluster/requests.ts'
import config from '../../example.ts'

const policy = parsePolicy(config)
const EC2 = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass' }
const FIT = { amiSelectorTerms: [{ alias: 'al2023@v20260810' }], instanceStorePolicy: 'RAID0' }
const nodePool = (name: string, ref = EC2): Answer => ({
  status: 200,
  body: { spec: { template: { spec: { nodeClassRef: { ...ref, name } } } } },
})

const found = async (answers: Record<string, Answer>): Promise<string[]> => {
  const send = async ({ method, path }: Call): Promise<Answer> => {
    expect(method).toBe('GET')
    return Object.entries(answers).find(([end]) => path.endsWith(end))?.[1] ?? { status: 404, body: {} }
  }
  return (await nodeClassFindings({ send }, policy)).map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`)
}

it('says in one line that the classes do which the cluster’s NodePools name, whatever they are called', async () => {
  const pools = { '/nodepools/gpu-train': nodePool('mine'), '/nodepools/gpu-serve': nodePool('mine') }
  expect(await found({ ...pools, '/ec2nodeclasses/mine': { status: 200, body: { spec: FIT } } })).toEqual([
    'true node classes: what the NodePools name (1 object) is as the pools need it',
  ])
})

it('names each that does not, with what to write; one that is not there; and one that one may not look at', async () => {
  const pools = { '/nodepools/gpu-train': nodePool('a'), '/nodepools/gpu-serve': nodePool('b') }
  const latest = { ...FIT, amiSelectorTerms: [{ alias: 'al2023@latest' }] }
  expect(await found({ ...pools, '/ec2nodeclasses/a': { status: 200, body: { spec: latest } } })).toEqual([
    expect.stringMatching(/^false EC2NodeClass a: its image is not pinned .*\(pools\.gpu-train\)$/),
    expect.stringMatching(/^false EC2NodeClass b: it is not there/),
  ])
  const denied = { status: 403, body: { kind: 'Status', message: 'you may not' } }
  expect(await found({ '/nodepools/gpu-train': nodePool('a'), '/ec2nodeclasses/a': denied })).toEqual([
    'false EC2NodeClass a: you may not',
  ])
})

it('says nothing where there is no pool yet, nor of another kind of nodes', async () => {
  expect(await found({})).toEqual([])
  expect(
    await found({ '/nodepools/gpu-train': nodePool('a', { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass' }) }),
  ).toEqual([])
})
