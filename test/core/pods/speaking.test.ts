import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { endedFirst, speakerOf } from '../../../core/pods/speaking.ts'
import { podIn } from './objects.ts'

const container = (name: string, more: object): V1ContainerStatus => ({
  name,
  image: 'x',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...more,
})
const ended = (exitCode: number, at: string) => ({
  state: { terminated: { exitCode, finishedAt: `2026-11-23T12:00:${at}Z` as unknown as Date } },
})
const podOf = (containerStatuses: V1ContainerStatus[], initContainerStatuses: V1ContainerStatus[] = []): V1Pod => ({
  spec: { containers: [{ name: 'train' }, { name: 'proxy' }] },
  status: { containerStatuses, initContainerStatuses },
})

describe('whose lines say why a pod is not at work', () => {
  it('are those of before its last start, where it has come up again', () => {
    expect(speakerOf(podIn('crash-loop-between'))).toEqual({ container: 'server', previous: true })
  })

  it('are those of its last start while Kubernetes pauses: that one is over', () => {
    expect(speakerOf(podIn('crash-loop'))).toEqual({ container: 'server', previous: false })
    expect(speakerOf(podIn('init-crash-loop'))).toEqual({ container: 'fetch', previous: false })
  })

  it('are those of the container that failed, whatever runs or ends beside it', () => {
    const pod = podOf([container('proxy', { ready: true, state: { running: {} } }), container('train', ended(1, '05'))])
    expect(speakerOf(pod)).toEqual({ container: 'train', previous: false })
  })

  it('are those of the one that ended badly first: what runs beside it is ended with it', () => {
    const pod = podOf([container('train', ended(3, '05'))], [container('proxy', ended(143, '07'))])
    expect(endedFirst(pod)?.name).toBe('train')
    const untimed = podOf([
      container('train', ended(3, '05')),
      container('x', { state: { terminated: { exitCode: 1 } } }),
    ])
    expect(endedFirst(untimed)?.name).toBe('train')
    expect(endedFirst(podOf([container('train', ended(0, '05'))]))).toBeUndefined()
  })

  it('are never those of what others have put beside it, which ends no pod', () => {
    const pod = podOf([container('train', ended(3, '07'))], [container('mesh', ended(1, '05'))])
    const spec = { ...pod.spec!, initContainers: [{ name: 'mesh', restartPolicy: 'Always' }] }
    expect(endedFirst({ ...pod, spec })?.name).toBe('train')
    expect(speakerOf(podIn('beside-crash-loop')).container).toBe('train')
  })

  it('are those of its first container, where no status tells; of a pod that names none, of its only one', () => {
    expect(speakerOf(podOf([]))).toEqual({ container: 'train', previous: false })
    expect(speakerOf({})).toEqual({ container: null, previous: false })
  })
})
