import { expect, it } from 'vitest'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { namedClasses } from '../../../core/bootstrap/node-classes.ts'
import { parsePolicy } from '../../../core/policy.ts'
import {
  applyManifest,
  compareManifest,
  compareNodeClass,
  leftBefore,
  manifestPath,
} from '../../../effects/cluster/manifests.ts'
import type { Answer, Call, Requests } from '../../../effects/cluster/requests.ts'
import config from '../../example.ts'

const asked: Call[] = []
const answering = (answer: (call: Call) => Answer): Requests => {
  asked.length = 0
  return {
    send: async (call) => {
      asked.push(call)
      return answer(call)
    },
    close: async () => undefined,
  }
}

const policy = parsePolicy(config)
const pool = bootstrapManifests(policy, []).find(({ metadata }) => metadata.name === 'gpu-serve') as Manifest
const CLASS = '/apis/karpenter.k8s.aws/v1/ec2nodeclasses/gpu'

it('a NodePool of before would change, and it is said that its nodes drift, and how', async () => {
  const { spec, ...rest } = structuredClone(pool) as Manifest & { spec: Record<string, unknown> }
  const template = spec['template'] as { spec: Record<string, unknown> }
  delete template.spec['terminationGracePeriod']
  const there = { ...rest, spec, status: { resources: { nodes: '2' } } }
  const requests = answering(({ method }) => ({
    status: 200,
    body: method === 'GET' ? there : { ...pool, status: there.status },
  }))
  expect(await compareManifest(requests, pool)).toMatchObject({
    state: 'changed',
    detail: ['spec.template.spec.terminationGracePeriod'],
    drift: expect.stringMatching(/^2 of its nodes that run drift: none is replaced while anything runs on it/),
  })
  expect(asked.every(({ method, query }) => method === 'GET' || query?.['dryRun'] === 'All')).toBe(true)
  const same = answering(() => ({ status: 200, body: pool }))
  expect(await compareManifest(same, pool)).not.toHaveProperty('drift')
})

it('an admission policy that an earlier release called otherwise is told, with what to do; another installation’s, and what is not there, is not', async () => {
  const of = (installation: string, labels?: object) => ({
    metadata: { name: 'signalbox-ml-door-pods', labels },
    spec: { matchConditions: [{ expression: `groups.exists(g, g.startsWith('signalbox:${installation}:'))` }] },
  })
  const left = (body: object) =>
    leftBefore(
      answering(({ path }) => ({ status: path.endsWith('/signalbox-ml-door-pods') ? 200 : 404, body })),
      { installation: 'ml' },
    )
  expect(await left(of('ml'))).toEqual([
    {
      manifest: expect.objectContaining({ metadata: { name: 'signalbox-ml-door-pods' } }),
      state: 'left',
      detail: [
        expect.stringMatching(
          /signalbox-ml-pods-by-door now: .*delete validatingadmissionpolicybinding,validatingadmissionpolicy signalbox-ml-door-pods/,
        ),
      ],
    },
  ])
  expect(asked.every(({ method }) => method === 'GET')).toBe(true)
  expect(await left(of('ml-door'))).toEqual([])
  expect(await left(of('ml', { 'signalbox.dev/installation': 'ml-door' }))).toEqual([])
})

it('an admission policy that an earlier release made of another installation is not written over', async () => {
  const own = bootstrapManifests(parsePolicy({ ...config, installation: 'ml-door' }), [])
  const [pods] = own.filter(({ metadata }) => metadata.name === 'signalbox-ml-door-pods')
  if (pods === undefined) throw new Error('there is none')
  const of = (installation: string) => ({
    metadata: { name: pods.metadata.name },
    spec: { matchConditions: [{ expression: `groups.exists(g, g.startsWith('signalbox:${installation}:'))` }] },
  })
  const applied = (there: object) =>
    applyManifest(
      answering(({ method }) => ({ status: 200, body: method === 'GET' ? there : pods })),
      pods,
    )
  expect(await applied(of('ml'))).toMatchObject({
    state: 'refused',
    detail: [expect.stringMatching(/of the installation ml, .*bootstrap that one with this release/)],
  })
  expect(asked.map(({ method }) => method)).toEqual(['GET'])
  expect(await applied(of('ml-door'))).toMatchObject({ state: 'changed' })
  expect(await applied({ metadata: { name: pods.metadata.name }, spec: {} })).toMatchObject({ state: 'changed' })
})

it('a node class is where Karpenter has it', () => {
  expect(manifestPath({ apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: 'gpu' } })).toBe(
    CLASS,
  )
})

it('a node class of the user’s is read and compared, never written', async () => {
  const [named] = namedClasses(policy)
  if (named === undefined) throw new Error('no class is named')
  const compared = (answer: Answer) =>
    compareNodeClass(
      answering(() => answer),
      named,
    )
  const spec = { amiSelectorTerms: [{ alias: 'al2023@latest' }], instanceStorePolicy: 'RAID0' }
  expect(await compared({ status: 200, body: { spec } })).toMatchObject({
    state: 'unfit',
    detail: [expect.stringContaining('not pinned')],
  })
  expect(asked).toEqual([{ method: 'GET', path: CLASS }])
  const pinned = { ...spec, amiSelectorTerms: [{ alias: 'al2023@v20260810' }] }
  expect(await compared({ status: 200, body: { spec: pinned } })).toMatchObject({ state: 'same', detail: [] })
  expect(await compared({ status: 404, body: {} })).toMatchObject({
    state: 'unfit',
    detail: [expect.stringContaining('it is not there')],
  })
  expect(await compared({ status: 403, body: { message: 'no' } })).toMatchObject({ state: 'refused' })
  const kwok = namedClasses(policy, { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' })[0]
  expect(
    kwok &&
      (await compareNodeClass(
        answering(() => ({ status: 404, body: {} })),
        kwok,
      )),
  ).toBeNull()
})

it('an account of pods to which somebody has added a role is not as it should be, compared or applied', async () => {
  const account = bootstrapManifests(policy, []).find(({ kind }) => kind === 'ServiceAccount') as Manifest
  const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' }
  const there = { ...account, metadata: { ...account.metadata, annotations } }
  for (const ask of [compareManifest, applyManifest]) {
    expect(
      await ask(
        answering(() => ({ status: 200, body: there })),
        account,
      ),
    ).toMatchObject({
      state: 'unfit',
      detail: [expect.stringContaining('eks.amazonaws.com/role-arn')],
    })
    const { state } = await ask(
      answering(() => ({ status: 200, body: account })),
      account,
    )
    expect(state).toBe(ask === compareManifest ? 'same' : 'changed')
  }
})

it('a limit that the pool’s own lane has set is left to it, by who compares and by who applies', async () => {
  const { metadata, spec, ...rest } = structuredClone(pool) as Manifest & { spec: Record<string, unknown> }
  const fieldsV1 = { 'f:spec': { 'f:limits': { 'f:nvidia.com/gpu': {} } } }
  const managedFields = [{ manager: 'signalbox-ceiling', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 }]
  const annotations = { 'signalbox.dev/fence-ceiling': '7' }
  const there = {
    ...rest,
    metadata: { ...metadata, annotations, managedFields },
    spec: { ...spec, limits: { 'nvidia.com/gpu': '8' } },
  }
  const requests = answering(() => ({ status: 200, body: there }))
  expect(await compareManifest(requests, pool)).toMatchObject({ state: 'same' })
  await applyManifest(requests, pool)
  const sent = asked.filter(({ method }) => method === 'PATCH').map(({ body }) => (body as typeof there).spec)
  expect(sent).toHaveLength(2)
  for (const one of sent) expect(one).not.toHaveProperty('limits')
  // Whoever finds none of the lane's sets it.
  await applyManifest(
    answering(() => ({ status: 200, body: pool })),
    pool,
  )
  expect(asked.findLast(({ method }) => method === 'PATCH')?.body).toMatchObject({ spec: { limits: {} } })
})
