import { afterEach, describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../core/desired.ts'
import { type Left, leaveLook, leaveVote } from '../../flows/letters.ts'
import type { Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { tick } from '../../flows/tick.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { clockOf, emptyPool, fillPool, HOUR, MINUTE, MODEL, SERVE, TRAIN, upload, versionsOf } from './scenes.ts'
import { ANA, openTown, START, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const votes = (lane: string) =>
  town.house.answer(`${lane}#1.${'0'.repeat(16)}.0`, { by: ANA, verdict: 'approve', reason: null })
const dueRows = () => town.house.ports.ledger.due(Number.MAX_SAFE_INTEGER, { limit: 10_000 })

/** Ports whose wakes are lost: what is left lies there until a tick. */
const unwoken = (): Ports => ({ ...town.house.ports, queue: { wake: async () => undefined } })

/** Word of so many manifests that nobody has written, each in a place of its own. */
const flood = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) {
    const event = { type: 'dataset-uploaded', id: `f${n}`, at: START, bucket: 'acme-datasets', replayed: false }
    const place = { key: `support-chats/flood-${n}/manifest.json`, versionId: null }
    const unique = `f${String(n).padStart(5, '0')}`
    await leaveLook(unwoken(), { ...event, ...place }, { reactions: CATALOGUES.reactions, unique, from: 'door' })
  }
}

describe('a lane that never was', () => {
  it('is answered when somebody votes on it, and nothing comes of it', async () => {
    town = await openTown()
    expect(await votes('pipeline/never-was')).toMatchObject({ status: 200, body: { refused: 'question-closed' } })
    expect(await votes('nobody/never-was')).toMatchObject({ status: 200, body: { refused: 'unknown-question' } })
    expect(await votes(`pipeline/${'n'.repeat(300)}`)).toMatchObject({ status: 400 })
    await town.advance(HOUR)
    expect(await town.house.ports.ledger.lanes()).toEqual([])
    expect(await dueRows()).toEqual([])
  })

  it('does not become one by a label in the cluster, a thaw or another wake', async () => {
    town = await openTown()
    expect(await town.house.command({ kind: 'thaw', lane: 'pipeline/never-was', by: ANA })).toMatchObject({ ok: false })
    await town.house.ports.queue.wake('service/never-was', 'watch.1')
    await town.advance(HOUR)
    expect(await town.house.ports.ledger.lanes()).toEqual([])
  })
})

describe('a letter of a kind that this release does not know', () => {
  it('is left as it is for the release that does: it cancels nothing, and keeps nobody from anything', async () => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { ledger, clock, queue } = town.house.ports
    const letter = { kind: 'pre-warm', id: '1', lane: TRAIN, at: clock.now(), due: clock.now(), by: ANA, gpus: 8 }
    const due = { group: TRAIN, by: letter.id }
    await ledger.commit([
      { put: 'order', id: `${TRAIN}#1`, revision: 0, value: letter as never },
      { due, at: letter.due, was: null, side: null },
    ])
    await queue.wake(TRAIN, 'pre-warm')
    await town.advance(HOUR)
    expect(await town.question(TRAIN)).not.toBeNull()
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect((await readRow(ledger, 'order', `${TRAIN}#1`))?.value).toEqual(letter)
    expect(await ledger.counts()).not.toHaveProperty('contended')
  })
})

describe('a pod of somebody’s that asks for all GPUs that there are, or more', () => {
  const ours = { 'signalbox.dev/installation': 'signalbox', 'signalbox.dev/lane': 'pipeline.support-chats' }
  const onNode = { nodeName: 'unseen' }
  it.each([
    ['1G', {}, onNode],
    ['1k', {}, onNode],
    ['many', {}, {}],
    ['16', ours, onNode],
  ])(
    '%s of them: the pool counts as full for as long as it is there, whatever its labels say, and votes are counted',
    async (gpus, labels, where) => {
      town = await openTown()
      const { cluster } = town.house
      const list = cluster.list.bind(cluster)
      const limits = { 'nvidia.com/gpu': gpus }
      const containers = [{ name: 'c', image: 'i', resources: { limits } }]
      const tolerations = [{ operator: 'Exists' }]
      const spec = { nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' }, tolerations, containers, ...where }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', labels }, spec }
      let there = true
      cluster.list = async (kind, asked) => {
        const found = await list(kind, asked)
        return there && kind === 'Pod' && asked?.namespace === undefined ? [...found, pod as never] : found
      }
      await upload(town)
      await town.answered(TRAIN)
      expect(await town.house.why(TRAIN)).toMatchObject({
        why: 'no-room',
        text: expect.stringContaining('0 of 16 GPUs'),
      })
      there = false
      expect((await town.settled(TRAIN)).state).toBe('succeeded')
    },
  )
})

describe('pods of others that can never sit in the pool, however many, keep nobody from it', () => {
  const tolerations = [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]
  const required = (key: string, ...values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }],
      },
    },
  })
  it.each<[string, object, string?]>([
    ['of another node group', { nodeSelector: { 'eks.amazonaws.com/nodegroup': 'other' } }],
    ['of another GPU', { nodeSelector: { 'karpenter.k8s.aws/instance-gpu-name': 'a100' } }],
    ['on a node of their own', { affinity: required('kubernetes.io/hostname', 'metal-7') }],
    ['behind a gate', { schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] }],
    ['larger than any node', {}, '16'],
  ])('%s', async (_, spec, gpus = '8') => {
    town = await openTown()
    const containers = [{ name: 'c', image: 'i', resources: { limits: { 'nvidia.com/gpu': gpus } } }]
    for (const name of ['p1', 'p2']) {
      const metadata = { name, namespace: 'training' }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { tolerations, containers, ...spec } }
      await town.house.cluster.create(pod as never)
    }
    await upload(town)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })
})

describe('what a registry says of a version', () => {
  const promoted = async (source: string, tags: Record<string, string>) => {
    await town.house.registry.register({ model: MODEL, source, runId: null, tags })
    await promote(town.house, MODEL, '1')
    await town.advance(0)
    return (await readRow(town.house.ports.ledger, 'lane', SERVE))?.value
  }

  it.each([
    ['an address of weights longer than a document may be', { artifactUri: `s3://acme-results/${'w'.repeat(40_000)}` }],
    ['an address with characters that nobody sees', { artifactUri: 's3://acme-results/models/\u202egnp.evil\u200b/' }],
    ['a registration that failed', { status: 'FAILED_REGISTRATION' }],
  ])('%s is served to nobody, and neither is what was asked about before', async (_, odd) => {
    town = await openTown()
    const doc = await promoted('s3://acme-results/models/1', {})
    const question = doc?.run?.question
    expect(question?.state).toBe('open')
    const { registry } = town.house.ports
    const said = { name: MODEL, version: '2', artifactUri: 's3://acme-results/models/2', runId: null, status: 'READY' }
    registry.alias = async () => ({ ...said, tags: {}, ...odd }) as never
    await promote(town.house, MODEL, '1')
    await town.advance(60_000)
    const now = await town.lane(SERVE)
    expect(now).toMatchObject({ state: 'refused', run: null, desired: { version: '2', unfit: expect.anything() } })
    expect(now.outcome).toMatchObject({
      reason: 'source-not-allowed',
      detail: expect.stringMatching(/^v2 of .* its (source|status)/),
    })
    expect(JSON.stringify(now).length).toBeLessThan(8192)
    expect(await town.house.answer(question?.id ?? '', { by: ANA, verdict: 'approve', reason: null })).toMatchObject({
      body: { refused: 'question-closed' },
    })
    expect(await town.house.cluster.list('Deployment')).toEqual([])
  })

  it('a tag of who asked that names no person names nobody', async () => {
    town = await openTown()
    const doc = await promoted('s3://acme-results/w', { 'signalbox.dev/requested-by': 'A'.repeat(40_000) })
    expect(doc?.desired).toMatchObject({ kind: 'serve', requester: null })
    expect(JSON.stringify(doc).length).toBeLessThan(4096)
  })
})

describe('a flood of word about nothing', () => {
  it('takes no other lane its time: each that is due is woken, whoever else has thousands of rows before it', async () => {
    town = await openTown()
    await flood(1000)
    const woken: string[] = []
    const event = { type: 'model-promoted', id: 'm', at: START, model: MODEL, replayed: false } as const
    await leaveLook(unwoken(), { ...event, signal: { kind: 'alias', name: 'champion' } } as never, {
      reactions: CATALOGUES.reactions,
      unique: 'm',
      from: 'door',
    })
    await tick({ ...town.house.ports, queue: { wake: async (group) => void woken.push(group) } }, CATALOGUES)
    expect(woken.sort()).toEqual([TRAIN, SERVE])
  })

  it('takes nobody the vote that was given in time', async () => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const question = await town.question(TRAIN)
    await town.advance((question?.until ?? 0) - town.house.clock.now() - 1000)
    await flood(400)
    const vote = { type: 'approval-answered', question: question?.id ?? '', verdict: 'approve', by: ANA } as const
    const rest = { byName: 'ana', workspace: 'T0SIGNAL', reason: null, message: null, replyTo: null, at: 0 }
    expect((await leaveVote(unwoken(), { ...vote, ...rest }, 'z')) as Left).toMatchObject({ lane: TRAIN })
    await town.advance(HOUR / 2)
    expect(await town.run(TRAIN)).toMatchObject({ question: { state: 'approved' } })
    // And what it agreed to begins: that has five minutes more than the vote.
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('costs who waits for a hundred uploads no more reads than who waits for one', async () => {
    let reads = 0
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      ledger: {
        ...ports.ledger,
        read: (keys) => {
          reads++
          return ports.ledger.read(keys)
        },
      },
    })
    town = await openTown({ wrap })
    const bytes = (n: number) => JSON.stringify({ version: 1, objects: [{ key: `support-chats/${n}/x`, size: 1 }] })
    for (let n = 0; n < 101; n++)
      await town.house.objects.write('acme-datasets', `support-chats/${n}/manifest.json`, Buffer.from(bytes(n)))
    await town.house.scanUploads()
    expect(await town.house.ports.ledger.counts()).not.toHaveProperty('contended')
    reads = 0
    await town.house.ports.queue.wake(TRAIN, 'again')
    await town.advance(0)
    expect(reads).toBeLessThan(10)
  })
})

describe('other bytes over what was trained, written by nobody who is known', () => {
  const on = { ...piped().on, schedule: { cron: '0 18 * * *', zone: 'UTC' } }
  const given = {
    ...example,
    pools: { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } },
    pipelines: { 'support-chats': { ...piped(), on } },
    approvals: {
      ...example.approvals,
      ...{ autoApproveBelow: 1e9, unknownRequester: 'refuse', requesters: { '000000000000': ANA } },
    },
  } as never
  const at = (hour: number, minute: number) => town.advance(Date.UTC(2026, 10, 23, hour, minute) - clockOf(town).now())
  const overA = () =>
    uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['"other"'] })

  it.each(['while the night’s run stands in line', 'just before the night’s run'])(
    '%s: people are asked, each night',
    async (when) => {
      town = await openTown({ config: given })
      await upload(town)
      await town.settled(TRAIN)
      if (when.startsWith('while')) {
        await fillPool(town)
        await at(18, 6)
        await overA()
        await town.advance(20 * MINUTE)
        await emptyPool(town)
      } else {
        await at(17, 59)
        await overA()
        await town.advance(2 * MINUTE)
      }
      await town.advance(50 * HOUR)
      const nights = (await town.past(TRAIN)).filter(({ run }) => (run.desired as TrainDesired).occasion !== undefined)
      const others = nights.filter(({ run }) => (run.desired as TrainDesired).again === 'refused')
      expect(others.length).toBeGreaterThanOrEqual(2)
      for (const { outcome, run } of others) expect([outcome.kind, run.question !== null]).toEqual(['expired', true])
      const trained = (await town.past(TRAIN)).filter(({ outcome }) => outcome.kind === 'succeeded')
      expect(new Set(trained.map(({ run }) => (run.desired as TrainDesired).version)).size).toBe(1)
      expect(await versionsOf(town)).toHaveLength(1)
    },
  )
})
