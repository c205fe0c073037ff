import type { ObjectRef } from '../../core/kube.ts'
import { crash, isRestarted, startAgain } from './crashes.ts'
import { CPU_NODE, cpuNode, loseNode } from './nodes.ts'
import { poolAsked } from './places.ts'
import { show, showMissing, showRunning, showWaiting } from './pod-status.ts'
import { bindPod, memoOf, type OwnerMemo, type PodMemo, removePod } from './pods.ts'
import { type Program, programOf } from './program.ts'
import type { ParsedSimulation } from './simulation.ts'
import { hasEnded, isReady, isStopping, type Pod, wireTime, withCondition } from './wire.ts'
import { type World, wakeAt } from './world.ts'

/** A kubelet that could not pull waits before it says so again. */
const PULL_BACK_OFF = 10_000

/** What a pod needs of the outside before it can go on. */
export type Wish = { kind: 'read'; pod: Pod } | { kind: 'write'; pod: Pod; result: NonNullable<Program['result']> }

/** The kubelet: starts what is on a node, and ends it. Looked at again when its next thing is due. */
export const reconcilePod = (world: World, ref: ObjectRef): Wish | null => {
  const pod = world.store.get({ ...ref, kind: 'Pod' })
  if (pod === null) return null
  const memo = memoOf(world, pod)
  if (isStopping(pod) || hasEnded(pod)) return clear(world, pod, memo)
  if (pod.spec?.nodeName === undefined) return poolAsked(pod) === null ? onCpuNode(world, pod) : null
  if (memo.program === undefined) return { kind: 'read', pod }
  if (memo.startedAt === undefined) return start(world, pod, memo)
  if (memo.program.secretMissing != null) return null
  if (memo.upAt !== undefined) return startAgain(world, pod, memo)
  return memo.program.imagePull ? goOn(world, pod, memo) : backOff(world, pod, memo)
}

/** Remembers what the pod will do, once what lies beside its input is read. */
export const learn = (world: World, pod: Pod, parsed: ParsedSimulation): void => {
  const { namespace = null, uid, ownerReferences = [] } = pod.metadata
  const owner = ownerReferences[0]
  const job = owner?.kind === 'Job' ? world.store.get({ kind: 'Job', namespace, name: owner.name }) : null
  const first = world.due.memo<OwnerMemo>(owner?.uid)?.lost !== true
  const program = programOf({ pod, job, parsed, first })
  world.due.remember(uid, { ...memoOf(world, pod), program, logs: program.imagePull ? program.logs : [] })
}

/** Remembers that the pod's result is written. */
export const wrote = (world: World, pod: Pod): void =>
  world.due.remember(pod.metadata.uid, { ...memoOf(world, pod), written: true } satisfies PodMemo)

/** Its group makes another one where it was deleted. */
const onCpuNode = (world: World, pod: Pod): null => {
  if (world.store.get({ kind: 'Node', namespace: null, name: CPU_NODE }) === null) world.store.insert(cpuNode())
  bindPod(world, pod, CPU_NODE)
  return null
}

const clear = (world: World, pod: Pod, { stopAt, clearAt }: PodMemo): null => {
  const at = stopAt ?? clearAt
  if (at !== undefined && at <= world.store.now) removePod(world, pod)
  else if (at !== undefined) wakeAt(world, pod, [at])
  return null
}

const start = (world: World, pod: Pod, memo: PodMemo & { program?: Program }): null => {
  const { store, due } = world
  due.remember(pod.metadata.uid, { ...memo, startedAt: store.now } satisfies PodMemo)
  const started = {
    ...pod,
    status: {
      ...pod.status,
      startTime: wireTime(store.now),
      conditions: withCondition(pod.status?.conditions, { type: 'Initialized', status: 'True' }, store.now),
    },
  }
  if (memo.program?.imagePull === false) showWaiting(world, started, 'ErrImagePull')
  else if (memo.program?.secretMissing != null) showMissing(world, started, memo.program.secretMissing)
  else showRunning(world, started, memo.program?.readyAfter === 0)
  return null
}

/** Everything that a running container still has ahead of it. */
const goOn = (world: World, pod: Pod, memo: PodMemo): Wish | null => {
  const { now } = world.store
  const { startedAt = now, program } = memo
  const after = (ms: number | null | undefined): number | null =>
    ms === null || ms === undefined ? null : startedAt + ms
  const [ends, ready, lost] = [after(program?.endsAfter), after(program?.readyAfter), after(program?.lostAfter)]
  if (lost !== null && lost <= now) {
    const node = world.store.get({ kind: 'Node', namespace: null, name: pod.spec?.nodeName ?? '' })
    if (node !== null) loseNode(world, node)
    return null
  }
  if (ends !== null && ends <= now && isRestarted(pod)) return crash(world, pod, memo)
  if (ends !== null && ends <= now) {
    if (program?.result && memo.written !== true) return { kind: 'write', pod, result: program.result }
    end(world, pod, memo)
    return null
  }
  if (ready !== null && ready <= now && !isReady(pod)) showRunning(world, pod, true)
  wakeAt(world, pod, [ends, isReady(pod) ? null : ready, lost])
  return null
}

const backOff = (world: World, pod: Pod, { startedAt = 0 }: PodMemo): null => {
  const at = startedAt + PULL_BACK_OFF
  if (at <= world.store.now) showWaiting(world, pod, 'ImagePullBackOff')
  else wakeAt(world, pod, [at])
  return null
}

const end = ({ store, due }: World, pod: Pod, memo: PodMemo): void => {
  const { program, logs = [] } = memo
  const exitCode = program?.exitCode ?? 0
  due.remember(pod.metadata.uid, { ...memo, logs: [...logs, ...(program?.endLogs ?? [])] } satisfies PodMemo)
  const reason = exitCode === 0 ? 'PodCompleted' : 'PodFailed'
  show({ store, pod, ready: false, because: reason }, exitCode === 0 ? 'Succeeded' : 'Failed', () => ({
    terminated: {
      exitCode,
      reason: program?.reason ?? 'Completed',
      startedAt: pod.status?.startTime,
      finishedAt: wireTime(store.now),
      ...(program?.message ? { message: program.message } : {}),
    },
  }))
}
