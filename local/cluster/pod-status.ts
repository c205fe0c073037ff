import { type Pod, type Said, wireTime, withCondition } from './wire.ts'
import type { World } from './world.ts'

type Status = NonNullable<Pod['status']>
/** Of one container. */
export type ContainerStatus = NonNullable<Status['containerStatuses']>[number]
type State = NonNullable<ContainerStatus['state']>

/** It runs, and answers or does not yet. */
export const showRunning = ({ store }: World, pod: Pod, ready: boolean): void =>
  show({ store, pod, ready, because: 'ContainersNotReady' }, 'Running', () => ({
    running: { startedAt: pod.status?.startTime },
  }))

/** Its image is not there, or its kubelet pauses before it tries again. */
export const showWaiting = ({ store }: World, pod: Pod, reason: 'ErrImagePull' | 'ImagePullBackOff'): void =>
  show({ store, pod, ready: false, because: 'ContainersNotReady' }, 'Pending', (image) => ({
    waiting: {
      reason,
      message:
        reason === 'ErrImagePull'
          ? `failed to pull and unpack image "${image}": not found`
          : `Back-off pulling image "${image}": ErrImagePull: not found`,
    },
  }))

/** A Secret that it names is not there. */
export const showMissing = ({ store }: World, pod: Pod, secret: string): void => {
  const message = `secret "${secret}" not found`
  show({ store, pod, ready: false, because: 'ContainersNotReady' }, 'Pending', () => ({
    waiting: { reason: 'CreateContainerConfigError', message },
  }))
  tell(store, pod, `Error: ${message}`)
}

/** Its kubelet tells why it does not start, as an event beside it. */
const tell = (store: World['store'], { metadata }: Pod, message: string): void => {
  const { namespace = 'default', name, uid } = metadata
  const at = wireTime(store.now)
  store.insert<'Event'>({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.failed`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    source: { component: 'kubelet' },
    ...{ type: 'Warning', reason: 'Failed', message, count: 1 },
    ...{ firstTimestamp: at, lastTimestamp: at },
  } as never)
}

/** What is written of a pod, every container being in the same state. `before`: how often it was started again, and after what. */
export interface Shown {
  store: World['store']
  pod: Pod
  ready: boolean
  because: string
  before?: Pick<ContainerStatus, 'restartCount' | 'lastState'>
}

/** Writes the pod's status. */
export const show = (
  { store, pod, ready, because, before = { restartCount: 0 } }: Shown,
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed',
  state: (image: string) => State,
): void => {
  const said = (type: string): Said => (ready ? { type, status: 'True' } : { type, status: 'False', reason: because })
  const conditions = ['ContainersReady', 'Ready'].reduce(
    (list, type) => withCondition(list, said(type), store.now),
    pod.status?.conditions ?? [],
  )
  const containerStatuses = (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: phase === 'Pending' ? '' : image,
    ready,
    ...before,
    started: phase === 'Running',
    state: state(image),
  }))
  store.update<'Pod'>({ ...pod, status: { ...pod.status, phase, conditions, containerStatuses } })
}
