import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { placeMade } from '../../../core/steps/meeting-place.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { trainInput } from '../../core/training-fixture.ts'
import { ASK, by, close, open, policy, training, untilRefused, type Who } from './cast.ts'

beforeAll(open)
afterAll(close)

const RUN = { lane: 'pipeline/support-chats', generation: 1, attempt: 1 }
const [stage] = policy.pipelines['support-chats']!.stages
const input = trainInput({ policy })
const identity = { ...input.identity, installation: policy.installation }
const gang = (name: string, efa?: number): KubeObject<'Job'> =>
  stageJob({
    ...input,
    identity: { ...identity, name },
    policy: { ...policy, pools: { ...policy.pools, [stage!.pool]: { ...policy.pools[stage!.pool]!, efa } } },
    stage: { ...stage!, nodes: 2 },
    preset: null,
    model: null,
    reads: {},
    run: RUN,
  })
const post = (who: Who, path: string, body: object, query: Record<string, string> = {}) =>
  by(who).send({ method: 'POST', path, query: { fieldValidation: 'Strict', ...query }, body: { ...body } })
const JOBS = `/apis/batch/v1/namespaces/${training}/jobs`
const SERVICES = `/api/v1/namespaces/${training}/services`

it('the door that trains makes a gang and where it meets; who merely works in the namespace leads nobody to it', async () => {
  const made = await post('door', JOBS, gang('chats-0123abcd'))
  expect([made.status, made.body]).toMatchObject([201, { spec: { completionMode: 'Indexed', completions: 2 } }])
  const place = placeMade(made.body as unknown as KubeObject<'Job'>, 'secret')!
  expect((await post('door', SERVICES, place)).status).toBe(201)
  const { labels: _labels, annotations: _annotations, ...bare } = place.metadata
  const theirs = { ...place, metadata: { ...bare, name: 'theirs' } }
  await untilRefused(() => post('editor', SERVICES, theirs, ASK.query))
  expect((await post('editor', SERVICES, theirs)).status).toBe(422)
  // Headless it may be, and nothing else than within the cluster.
  const open = {
    ...place,
    metadata: { ...place.metadata, name: 'open' },
    spec: { ...place.spec, clusterIP: undefined, type: 'NodePort', ports: [{ port: 29500 }] },
  }
  await untilRefused(() => post('door', SERVICES, open, ASK.query))
  expect((await post('door', SERVICES, open)).status).toBe(422)
})

it('one with EFA is taken as it is, and each of its pods is led to where others of its own Job are', async () => {
  const { status, body } = await post('door', JOBS, gang('fast-0123abcd', 32))
  expect([status, body]).toMatchObject([201, {}])
  const pods = async () => {
    const { body: list } = await by('admin').send({ method: 'GET', path: `/api/v1/namespaces/${training}/pods` })
    return ((list as { items: KubeObject<'Pod'>[] }).items ?? []).filter(({ metadata }) =>
      metadata.name.startsWith('fast'),
    )
  }
  for (let tries = 0; tries < 200 && (await pods()).length < 2; tries++);
  for (const { spec } of await pods())
    expect(
      spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0]?.labelSelector?.matchExpressions,
    ).toEqual([{ key: 'batch.kubernetes.io/job-name', operator: 'In', values: ['fast-0123abcd-g1a1-train'] }])
  expect((await pods()).length).toBe(2)
})
