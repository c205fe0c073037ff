import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { type Around, NOTHING_AROUND } from '../../../core/pods/around.ts'
import { deletedNote, nextRollOut } from '../../../core/steps/roll-out-model.ts'
import type { GenerationView } from '../../../core/world.ts'
import { claimIn, nodeIn, podIn, poolIn } from '../pods/objects.ts'

const ref = { kind: 'Deployment' as const, namespace: 'serving', name: 'm-g2' }
const step: RollOutModelStep = {
  kind: 'roll-out-model',
  name: 'move-1',
  title: '',
  why: '',
  objects: [],
  loadMinutes: 15,
  brings: 2,
  point: { old: 1, new: 1 },
  replicas: [{ ref, generation: 2, replicas: 1, replicasReady: 1 }],
}
const ofTwo = (pod: V1Pod): V1Pod => ({ ...pod, metadata: { ...pod.metadata, labels: { [label('generation')]: '2' } } })
const view = (replicas: number, ready: number): GenerationView => ({
  ref,
  uid: 'u',
  generation: 2,
  replicas,
  ready,
  gpusPerReplica: 4,
  pool: 'p',
  digest: 'd',
  ownedBy: null,
  scaledBy: null,
  object: {} as GenerationView['object'],
})
const seen = {
  generations: [view(1, 1)],
  pods: [],
  since: 0,
  logs: [],
  strays: [],
  gone: new Map<number, string>(),
  goneFrom: 500,
  way: [step],
  startedAt: 0,
  now: 1000,
  patience: 60_000,
}

describe('a move of a rollout', () => {
  it('is done when every generation has its replicas, ready', () => {
    expect(nextRollOut(step, seen)).toMatchObject({ kind: 'done' })
  })

  it.each([
    [0, 0],
    [1, 0],
    [2, 2],
  ])('waits at %d replicas, %d ready', (replicas, ready) => {
    expect(nextRollOut(step, { ...seen, generations: [view(replicas, ready)] })).toMatchObject({ kind: 'wait' })
  })

  it('to none waits until none is ready any more; a Deployment that is gone has none', () => {
    const away = { ...step, replicas: [{ ref, generation: 2, replicas: 0, replicasReady: 0 }] }
    expect(nextRollOut(away, { ...seen, generations: [view(0, 1)] })).toMatchObject({ kind: 'wait' })
    expect(nextRollOut(away, { ...seen, generations: [] })).toMatchObject({ kind: 'done' })
  })

  it('has failed at once where the Deployment that is to stand was deleted, whichever move it is', () => {
    const lost = { ...seen, generations: [], gone: new Map([[2, deletedNote(2)]]) }
    expect(nextRollOut(step, { ...lost, gone: new Map() })).toMatchObject({ kind: 'wait', until: 60_001 })
    expect(nextRollOut(step, { ...lost, goneFrom: 1001 })).toMatchObject({ kind: 'wait', until: 1001 })
    expect(nextRollOut(step, lost)).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      note: 'the Deployment of generation 2 is gone: somebody has deleted it',
    })
    expect(nextRollOut({ ...step, brings: null }, lost)).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(deletedNote(2, ['acme.com/audit'])).toContain('acme.com/audit keeps it')
  })

  it('is true already of one that was to leave and that somebody has deleted: the others are waited for, and it is said', () => {
    const old = { ref: { ...ref, name: 'm-g1' }, generation: 1, replicas: 1, replicasReady: 1 }
    const both = { ...step, replicas: [old, ...step.replicas] }
    const after = { ...both, name: 'move-2', replicas: [{ ...old, replicas: 0, replicasReady: 0 }, ...step.replicas] }
    const lost = { ...seen, way: [both, after], gone: new Map([[1, deletedNote(1)]]) }
    expect(nextRollOut(both, lost)).toMatchObject({
      kind: 'done',
      note: '1 old and 1 new replicas; the Deployment of generation 1 is gone: somebody has deleted it',
    })
    expect(nextRollOut(both, { ...lost, generations: [view(1, 0)] })).toMatchObject({
      kind: 'wait',
      note: 'generation 2: 0 of 1 ready',
    })
    // A list alone says nothing.
    expect(nextRollOut(both, seen)).toMatchObject({ kind: 'wait' })
  })

  it('is true already of what is as far as a later move brings it: a ledger was restored, or somebody has done it', () => {
    const of = (generation: number, replicas: number) => ({
      ref: { ...ref, name: `m-g${generation}` },
      generation,
      replicas,
      replicasReady: replicas,
    })
    const moves = [
      [1, 1],
      [1, 2],
      [0, 2],
    ].map(([old = 0, risen = 0], index) => ({
      ...step,
      name: `move-${index}`,
      replicas: [of(1, old), of(2, risen)],
    }))
    const [first = step, second = step, last = step] = moves
    const at = (old: [number, number], risen: [number, number]) => ({
      ...seen,
      way: moves,
      generations: [{ ...view(...old), generation: 1 }, view(...risen)],
    })
    expect(nextRollOut(second, at([0, 0], [2, 2]))).toMatchObject({
      kind: 'done',
      note: '1 old and 1 new replicas; generation 1 has 0 already',
    })
    expect(nextRollOut(first, at([0, 0], [2, 2]))).toMatchObject({ kind: 'done' })
    expect(nextRollOut(first, at([0, 0], [1, 1]))).toMatchObject({ kind: 'done' })
    // Not ready, still ending, or behind: it is waited for.
    expect(nextRollOut(second, at([0, 0], [2, 1]))).toMatchObject({ note: 'generation 2: 1 of 2 ready' })
    expect(nextRollOut(second, at([0, 1], [2, 2]))).toMatchObject({ note: 'generation 1: 1 of 1 ready' })
    expect(nextRollOut(last, at([1, 1], [2, 2]))).toMatchObject({ note: 'generation 1: 1 of 0 ready' })
    const pod = { metadata: { labels: { [label('generation')]: '1' } }, status: { phase: 'Running' } }
    expect(nextRollOut(second, { ...at([0, 0], [2, 2]), pods: [pod] })).toMatchObject({
      note: 'generation 1: 1 pods are still ending',
    })
  })

  it('what runs on without its Deployment is no generation’s: it is said, and only what was to be gone is waited for', () => {
    const pod = { metadata: { labels: { [label('generation')]: '1' } }, status: { phase: 'Running' } }
    const strays = [
      { ref: { kind: 'ReplicaSet' as const, namespace: 'serving', name: 'm-g1-abc' }, generation: 1, pods: [pod] },
    ]
    const says =
      'somebody has deleted the Deployment of generation 1 alone, and 1 of its pods run on: delete ReplicaSet m-g1-abc of serving, which makes them'
    const old = { ref: { ...ref, name: 'm-g1' }, generation: 1, replicas: 1, replicasReady: 1 }
    const at = (replicas: number) => ({ ...step, replicas: [{ ...old, replicas }, ...step.replicas] })
    const alone = { ...seen, pods: [pod], strays }
    const gone = new Map([[1, deletedNote(1)]])
    expect(nextRollOut(at(1), { ...alone, gone })).toMatchObject({
      kind: 'done',
      note: `1 old and 1 new replicas; ${says}`,
    })
    expect(nextRollOut(at(0), alone)).toMatchObject({ kind: 'wait', note: says })
    // Of another generation they keep nothing from standing, and may be why there is no room.
    expect(nextRollOut(step, alone)).toMatchObject({ kind: 'done' })
    expect(nextRollOut(step, { ...alone, generations: [view(1, 0)] })).toMatchObject({
      kind: 'wait',
      note: `generation 2: 0 of 1 ready; ${says}`,
    })
    const mine = { ...alone, strays: [{ ...strays[0], generation: 2 }] as typeof strays, generations: [] }
    expect(nextRollOut(step, { ...mine, gone: new Map([[2, deletedNote(2)]]) })).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      note: says.replace('generation 1', 'generation 2'),
    })
  })

  it('says whose finalizer keeps one that takes no more orders', () => {
    const away = { ...step, replicas: [{ ref, generation: 2, replicas: 0, replicasReady: 0 }] }
    const metadata = { name: 'm-g2', deletionTimestamp: '2026-11-23T12:00:00Z', finalizers: ['acme.com/audit'] }
    const kept = { ...view(1, 1), object: { metadata } as unknown as GenerationView['object'] }
    expect(nextRollOut(away, { ...seen, generations: [kept] })).toMatchObject({
      kind: 'wait',
      note: expect.stringContaining('acme.com/audit keeps it: see who sets that finalizer'),
    })
  })

  it('waits for pods that end though their Deployment is gone, and what keeps GPUs stands', () => {
    const spec = {
      nodeSelector: { 'karpenter.sh/nodepool': 'p' },
      containers: [{ name: 'vllm', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
    }
    const ending = { metadata: { labels: { [label('generation')]: '2' } }, spec, status: { phase: 'Running' } }
    const away = { ...step, replicas: [{ ref, generation: 2, replicas: 0, replicasReady: 0 }] }
    expect(nextRollOut(away, { ...seen, generations: [], pods: [ending] })).toMatchObject({
      kind: 'wait',
      note: 'generation 2: 1 pods are still ending',
    })
    const other = { ...ending, metadata: { labels: { [label('generation')]: '1' } } }
    expect(nextRollOut(step, { ...seen, pods: [ending, other] })).toMatchObject({ kind: 'done', stands: { p: 8 } })
    const over = { ...other, status: { phase: 'Failed' } }
    expect(nextRollOut(step, { ...seen, pods: [ending, over] })).toMatchObject({ kind: 'done', stands: { p: 4 } })
  })

  it('says in Kubernetes’ own words why pods are not made, while it waits and where it has waited too long', () => {
    const message = 'pods "m-g2-1" is forbidden: violates PodSecurity "baseline:latest": hostPort'
    const conditions = [
      { type: 'Available', status: 'False', message: 'no' },
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
    ]
    const object = { status: { conditions } } as GenerationView['object']
    const late = { ...seen, generations: [{ ...view(1, 0), object }] }
    expect(nextRollOut(step, late)).toMatchObject({
      kind: 'wait',
      note: `generation 2: 0 of 1 ready; its pods are not made: ${message}`,
    })
    expect(nextRollOut(step, { ...late, now: 60_001 })).toMatchObject({
      kind: 'failed',
      note: expect.stringContaining(message),
    })
  })

  it('has failed after its patience, or at once when an image cannot be pulled', () => {
    expect(nextRollOut(step, { ...seen, generations: [view(1, 0)], now: 60_001 })).toMatchObject({
      kind: 'failed',
      reason: 'not-healthy',
    })
    const pod = {
      metadata: { labels: { [label('generation')]: '2' } },
      status: {
        containerStatuses: [
          {
            name: 'vllm',
            image: 'x',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } },
          },
        ],
      },
    }
    expect(nextRollOut(step, { ...seen, generations: [view(1, 0)], pods: [pod] })).toMatchObject({
      kind: 'failed',
      reason: 'image-pull',
    })
    // A pod of the generation that stands does not keep the one that mends it from rising.
    const older = { ...pod, metadata: { labels: { [label('generation')]: '1' } } }
    expect(nextRollOut(step, { ...seen, generations: [view(1, 0)], pods: [older] })).toMatchObject({ kind: 'wait' })
  })

  it('ends within minutes what does not come up, says why, and waits for what may', () => {
    const at = (pods: V1Pod[], now: number, logs: string[] = []) =>
      nextRollOut(step, { ...seen, generations: [view(1, 0)], pods: pods.map(ofTwo), now, startedAt: now - 1000, logs })
    const [minute, made] = [60_000, Date.parse('2026-11-23T12:00:00Z')]
    expect(at([podIn('crash-loop')], made, ['KeyError: rope_scaling'])).toMatchObject({
      kind: 'failed',
      reason: 'exit-code',
      note: 'server ended with exit 1 (it was restarted 3 times). Last log lines: KeyError: rope_scaling',
    })
    expect(at([podIn('crash-loop-first')], made)).toMatchObject({
      kind: 'wait',
      note: 'generation 2: 0 of 1 ready: server ended with exit 1 (it was restarted once)',
    })
    expect(at([podIn('config-error')], made)).toMatchObject({ kind: 'wait', until: made + minute - 999 })
    // Nobody has told since when.
    expect(at([podIn('config-error')], made + 30 * minute)).toMatchObject({ kind: 'failed', reason: 'configuration' })
    expect(at([podIn('image-first')], made)).toMatchObject({ kind: 'wait' })
    expect(at([podIn('evicted-own-disk')], made)).toMatchObject({ kind: 'failed', reason: 'out-of-disk' })
    // What was restarted long before is not this move's.
    const old = { pods: [ofTwo(podIn('crash-loop'))], since: made + 60 * minute, now: made + 61 * minute }
    const lacking = { ...seen, generations: [view(1, 0)], ...old, startedAt: old.since, patience: 60 * minute }
    expect(nextRollOut(step, lacking)).toMatchObject({ kind: 'wait' })
    // It is where the way itself has brought it up, for a move before this one: judged or not, it heals no more.
    expect(nextRollOut(step, { ...lacking, firstSince: made - minute })).toMatchObject({
      kind: 'failed',
      reason: 'exit-code',
    })
  })

  it('ends what no node lets in, soon where that stays as it is, and waits, saying why, for what may heal', () => {
    const [minute, made] = [60_000, Date.parse('2026-11-23T12:00:00Z')]
    const at = (minutes: number, ...pods: V1Pod[]) =>
      nextRollOut(step, {
        ...seen,
        generations: [view(1, 0)],
        pods: pods.map(ofTwo),
        now: made + minutes * minute,
        startedAt: made,
        patience: 65 * minute,
      })
    const thrice = (name: string) => [podIn(name), podIn(name), podIn(name)]
    expect(at(4, ...thrice('refused-sysctl'))).toMatchObject({
      kind: 'wait',
      note: expect.stringMatching(/^generation 2: 0 of 1 ready: its node did not let it in: SysctlForbidden/),
      until: made + 5 * minute,
    })
    expect(at(5, ...thrice('refused-sysctl'))).toMatchObject({ kind: 'failed', reason: 'configuration' })
    expect(at(14, ...thrice('refused-device'))).toMatchObject({ kind: 'wait', until: made + 15 * minute })
    expect(at(15, ...thrice('refused-device'))).toMatchObject({ kind: 'failed', reason: 'not-admitted' })
    expect(at(60, podIn('refused-device'))).toMatchObject({ kind: 'wait' })
    expect(at(60, podIn('evicted-unknown'))).toMatchObject({
      kind: 'wait',
      note: expect.stringContaining('its pod was taken away: Evicted (The node was low on resource:'),
    })
  })

  it('says of its pool why a pod has no node, and looks again though nothing of the pod changes', () => {
    const [minute, made] = [60_000, Date.parse('2026-11-23T12:00:00Z')]
    const around = { ...NOTHING_AROUND, pools: [poolIn('pool-full')] }
    const at = (minutes: number, pod: V1Pod, brings: number | null = 2, of: Around = around) =>
      nextRollOut(
        { ...step, brings },
        {
          ...seen,
          generations: [view(1, 0)],
          pods: [ofTwo(pod)],
          around: of,
          now: made + minutes * minute,
          startedAt: made,
          patience: 60 * minute,
        },
      )
    expect(at(2, podIn('no-room'))).toMatchObject({
      kind: 'wait',
      note: expect.stringMatching(/^generation 2: 0 of 1 ready: waiting for a node: gpu-train is at its ceiling/),
      until: made + 17 * minute,
    })
    expect(at(40, podIn('no-room'))).toMatchObject({ kind: 'wait', until: made + 60 * minute + 1 })
    const stays = { ...around, claims: [claimIn('claim-without-gpus')] }
    expect(at(61, podIn('no-room'), 2, stays)).toMatchObject({
      reason: 'not-healthy',
      note: expect.stringMatching(
        /^not ready after 60 minutes: .* joined at .* kubectl delete nodeclaim gpu-train-x7k2p$/,
      ),
    })
    expect(at(0, podIn('no-room'))).toMatchObject({ kind: 'wait', until: made + minute })
    expect(at(2, podIn('not-begun'))).toMatchObject({ kind: 'wait' })
    expect(at(15, podIn('not-begun'))).toMatchObject({ kind: 'failed', reason: 'not-admitted' })
    expect(at(2, podIn('no-room'), null)).toMatchObject({ kind: 'wait', until: made + 60 * minute + 1 })
  })

  describe('with a pod on a node that is dead', () => {
    const [due, minute] = [Date.parse('2026-11-23T13:00:30Z'), 60_000]
    const pod = ofTwo(podIn('leaving-on-dead-node'))
    const around = { ...NOTHING_AROUND, nodes: [nodeIn('node-unanswering')] }
    const at = (minutes: number, of: Partial<RollOutModelStep>, generations: GenerationView[]) => {
      const now = due + minutes * minute
      return nextRollOut(
        { ...step, ...of },
        { ...seen, generations, pods: [pod], around, now, startedAt: now - minute, patience: 60 * minute },
      )
    }
    const away = { name: 'away', brings: null, replicas: [{ ref, generation: 2, replicas: 0, replicasReady: 0 }] }
    const third = { ref: { ...ref, name: 'm-g3' }, generation: 3, replicas: 1, replicasReady: 1 }
    const inPool = {
      ...pod,
      spec: {
        nodeName: 'n',
        nodeSelector: { 'karpenter.sh/nodepool': 'p' },
        containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '4' } } }],
      },
    }
    /** What leaves, with a replica of another generation of four GPUs that is brought up after it. */
    const leaving = (minutes: number, more: { gpus?: number; goesBack?: boolean; ready?: number }) => {
      const [now, { gpus, goesBack = false, ready = 0 }] = [due + minutes * minute, more]
      const [first, then] = [
        { ...step, ...away },
        { ...step, name: 'then', brings: 3, replicas: [third] },
      ]
      const room = gpus === undefined ? {} : { room: { gpus: { p: gpus }, guard: { 'pool/p': 16 } } }
      const generations = [view(0, 0), { ...view(1, ready), generation: 3 }]
      const looked = { ...seen, generations, around, now, startedAt: now - minute, patience: 60 * minute, goesBack }
      return nextRollOut(first, { ...looked, ...room, way: [first, then], pods: [inPool] })
    }

    it('is not late while it only waits for pods that have as long yet by their own grace; what is not ready beside is', () => {
      const now = due - 60 * minute
      const looked = { ...seen, pods: [pod], around, now, startedAt: now - 30 * minute, patience: 20 * minute }
      const gone = { ...step, ...away }
      expect(nextRollOut(gone, { ...looked, generations: [view(0, 0)] })).toMatchObject({
        kind: 'wait',
        until: due + 5 * minute,
      })
      const lacking = { ...gone, replicas: [...away.replicas, third] }
      const generations = [view(0, 0), { ...view(1, 0), generation: 3 }]
      expect(nextRollOut(lacking, { ...looked, generations })).toMatchObject({ kind: 'failed', reason: 'not-healthy' })
    })

    it('waits for what is to leave where what comes later needs its GPUs; and says which node, and what to do', () => {
      expect(leaving(1, { gpus: 8 })).toMatchObject({
        kind: 'wait',
        note: 'generation 2: 1 pods are still ending',
        until: due + 5 * minute,
      })
      for (const given of [{ gpus: 7 }, {}])
        expect(leaving(6, given)).toMatchObject({
          kind: 'wait',
          note: expect.stringMatching(
            /^generation 2: 1 pods are still ending; its pod had to end by .* kubectl delete node/,
          ),
          until: due + 45 * minute,
        })
    })

    it('goes on beside it where there is room for both, which is held then; and where what comes later is ready, or nothing does', () => {
      const beside = { gpus: { p: 8 }, guard: { 'pool/p': 16 } }
      expect(leaving(6, { gpus: 8 })).toMatchObject({ kind: 'done', stands: { p: 4 }, beside })
      expect(leaving(6, { ready: 1 })).toMatchObject({ kind: 'done' })
      expect(at(1, away, [view(0, 0)])).toMatchObject({ kind: 'wait', until: due + 5 * minute })
      expect(at(6, away, [view(0, 0)])).toMatchObject({
        kind: 'done',
        note: expect.stringMatching(/; generation 2: its pod had to end by .* kubectl delete node/),
      })
    })

    it('waits no longer on a way back than anybody but a person may end it', () => {
      expect(leaving(44, { goesBack: true })).toMatchObject({ kind: 'wait' })
      expect(leaving(45, { goesBack: true })).toMatchObject({ kind: 'done' })
      expect(leaving(44, {})).toMatchObject({ kind: 'wait' })
      expect(leaving(45, {})).toMatchObject({ kind: 'failed', reason: 'node-lost' })
    })

    it('is done for what rises once another is ready in its place', () => {
      expect(at(6, {}, [view(1, 0)])).toMatchObject({ kind: 'wait', note: 'generation 2: 0 of 1 ready' })
      const other = { ...ofTwo(podIn('restarted-and-ready')), spec: { containers: [] } }
      const two = (minutes: number) =>
        nextRollOut(step, {
          ...seen,
          pods: [pod, other],
          around,
          now: due + minutes * minute,
          startedAt: due,
          patience: 60 * minute,
        })
      expect(two(1)).toMatchObject({ kind: 'wait', note: 'generation 2: 1 pods are still ending' })
      expect(two(6)).toMatchObject({ kind: 'done' })
    })
  })
})
