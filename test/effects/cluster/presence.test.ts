import { expect, it } from 'vitest'
import type { Named } from '../../../core/policy/cluster-names.ts'
import { presenceOf } from '../../../effects/cluster/presence.ts'
import type { Answer, Call } from '../../../effects/cluster/requests.ts'

const secret: Named = { kind: 'Secret', namespace: 'training', name: 'hub', keys: ['token'], by: ['x'] }

const asked: Call[] = []
const seen = async (answers: Record<string, Answer>, named = secret) => {
  asked.length = 0
  const send = async (call: Call): Promise<Answer> => {
    asked.push(call)
    return answers[call.path] ?? { status: 404, body: {} }
  }
  return presenceOf({ send }, named)
}
const HUB = '/api/v1/namespaces/training/secrets/hub'
const said = (status: number, ...entries: object[]) => ({
  [HUB]: {
    status,
    body: { metadata: { name: 'hub', managedFields: entries.map((fieldsV1) => ({ fieldsV1 })) } },
  },
})

it('asks for the metadata alone: no value of a Secret comes here', async () => {
  expect(await seen(said(200, { 'f:data': { '.': {}, 'f:token': {} } }))).toEqual({ kind: 'there' })
  expect(asked).toEqual([
    { method: 'GET', path: HUB, accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
  ])
})

it('a key that nobody has set; who set it by another field, or where that was wiped out', async () => {
  const other = said(200, { 'f:data': { 'f:a': {} } }, { 'f:data': { 'f:b': {} }, 'f:type': {} })
  expect(await seen(other)).toEqual({ kind: 'lacks', keys: ['token'], has: ['a', 'b'] })
  expect(await seen(said(200, { 'f:type': {} }))).toEqual({ kind: 'lacks', keys: ['token'], has: [] })
  expect(await seen(said(200, { 'f:stringData': { 'f:token': {} } }))).toEqual({ kind: 'there' })
  expect(await seen(said(200))).toEqual({ kind: 'there' })
})

it('absent, or not for who looks', async () => {
  expect(await seen({})).toEqual({ kind: 'absent' })
  expect(await seen(said(403))).toEqual({ kind: 'denied' })
  await expect(seen(said(500))).rejects.toThrow(/looking for Secret hub/)
})

it('a kind of another group, in the version that the cluster prefers; and where nobody installed it', async () => {
  const queue: Named = { kind: 'LocalQueue', namespace: 'training', name: 'ml', keys: [], by: ['x'] }
  const group = { status: 200, body: { preferredVersion: { groupVersion: 'kueue.x-k8s.io/v1beta2' } } }
  const at = '/apis/kueue.x-k8s.io/v1beta2/namespaces/training/localqueues/ml'
  const there = { status: 200, body: { metadata: {} } }
  expect(await seen({ '/apis/kueue.x-k8s.io': group, [at]: there }, queue)).toEqual({ kind: 'there' })
  expect(await seen({ '/apis/kueue.x-k8s.io': group }, queue)).toEqual({ kind: 'absent' })
  expect(await seen({}, queue)).toEqual({ kind: 'unknown-kind' })
})
