import { expect, it } from 'vitest'
import { sharingFindings } from '../../../cli/commands/doctor-sharing.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Answer, Call } from '../../../effects/cluster/requests.ts'
import example from '../../example.ts'
import { sharing } from '../../sharing.ts'

const overlay = (...conditions: object[]): Answer => ({ status: 200, body: { status: { conditions } } })
const TAKEN = overlay({ type: 'Ready', status: 'True' })
const nodes = (...all: object[]): Answer => ({
  status: 200,
  body: {
    items: all.map((allocatable, index) => ({
      metadata: { name: `n${index}` },
      status: { allocatable, conditions: [{ type: 'Ready', status: 'True' }] },
    })),
  },
})
const FINE = {
  '/nodeoverlays/turns': TAKEN,
  '/nodeoverlays/parts': TAKEN,
  turns: nodes({ 'nvidia.com/gpu.shared': '16' }),
  parts: nodes(),
}

const found = async (answers: Record<string, Answer>, policy = parsePolicy(sharing())): Promise<string[]> => {
  const send = async ({ method, path, query }: Call): Promise<Answer> => {
    expect(method).toBe('GET')
    const [, pool] = String(query?.['labelSelector'] ?? '').split('=')
    return (
      Object.entries(answers).find(([end]) => (pool === undefined ? path.endsWith(end) : end === pool))?.[1] ?? {
        status: 404,
        body: {},
      }
    )
  }
  return (await sharingFindings({ send }, policy)).map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`)
}

it('is content with nodes that offer what the policy says, and with none; of a policy that shares nothing it says nothing', async () => {
  expect(await found(FINE)).toEqual(['true shared GPUs: turns (16 slices a node), parts (56 slices a node)'])
  expect(await found({}, parsePolicy(example))).toEqual([])
})

it.each<[string, Record<string, Answer>, RegExp]>([
  [
    'nobody made the NodeOverlay',
    { '/nodeoverlays/turns': { status: 404, body: {} } },
    /no node is started for slices of turns: its NodeOverlay is not there; `npx signalbox bootstrap --apply`/,
  ],
  [
    'Karpenter does not look at them',
    { '/nodeoverlays/turns': overlay() },
    /Karpenter does not read its NodeOverlay; .*NodeOverlay=true/,
  ],
  [
    'it is not taken',
    { '/nodeoverlays/parts': overlay({ type: 'Ready', status: 'False', message: 'conflict' }) },
    /slices of parts: Karpenter does not take its NodeOverlay: conflict/,
  ],
  ['it may not be read', { '/nodeoverlays/parts': { status: 403, body: {} } }, /cannot be read \(403\)/],
  [
    'whole GPUs',
    { turns: nodes({ 'nvidia.com/gpu.shared': '16' }, { 'nvidia.com/gpu': '4' }) },
    /1 of 2 nodes of turns offer something else: n1 has 4 of nvidia.com\/gpu, where the policy says 16 of nvidia.com\/gpu.shared/,
  ],
  [
    'fewer',
    { parts: nodes({ 'nvidia.com/gpu': '0', 'nvidia.com/mig-1g.10gb': '28' }) },
    /n0 has 0 of nvidia.com\/gpu, 28 of nvidia.com\/mig-1g.10gb, where the policy says 56/,
  ],
  ['nothing', { turns: nodes({ cpu: '48' }) }, /n0 has no GPUs/],
  ['nodes may not be listed', { turns: { status: 403, body: {} } }, /nodes cannot be listed \(403\)/],
])('says where %s', async (_, answers, wrong) => {
  expect(await found({ ...FINE, ...answers })).toEqual([expect.stringMatching(wrong)])
})
