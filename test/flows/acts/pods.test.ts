import { describe, expect, it } from 'vitest'
import type { KubeObject, ObjectRef } from '../../../core/kube.ts'
import { alivePodsOf, lastLines } from '../../../flows/acts/pods.ts'
import type { Cluster, WorkPorts } from '../../../flows/ports.ts'

const JOB: ObjectRef = { kind: 'Job', namespace: 'training', name: 'lane-1-g1a1-train' }

const pod = (name: string, more: object = {}): KubeObject<'Pod'> =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'batch.kubernetes.io/job-name': JOB.name }, ...more },
    status: { phase: 'Running' },
  }) as KubeObject<'Pod'>
const madeBy = (name: string, uid: string) => ({
  ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
})
const labelled = (uid: string) => ({
  labels: { 'batch.kubernetes.io/job-name': JOB.name, 'batch.kubernetes.io/controller-uid': uid },
})
const leaving = { deletionTimestamp: '2026-11-23T12:00:00Z' }

const seen = (pods: KubeObject<'Pod'>[], uid: string | null) =>
  alivePodsOf({ cluster: { list: async () => pods } as unknown as Cluster } as WorkPorts, JOB, uid)

describe('pods that a Job has left', () => {
  it('of one that was never seen are those that a Job of its name made; a label makes nobody its pod', async () => {
    const pods = [pod('stray'), pod('own', madeBy(JOB.name, 'u')), pod('other', madeBy('another', 'v'))]
    expect(await seen(pods, null)).toMatchObject({ alive: 1, left: 0 })
    expect(await seen([pod('stray'), pod('copied', labelled('u'))], null)).toMatchObject({ alive: 0, left: 0 })
  })

  it('are left to themselves where nobody made them and nobody has deleted them', async () => {
    const pods = [pod('on', labelled('u')), pod('stopping', { ...labelled('u'), ...leaving }), pod('stray')]
    expect(await seen(pods, 'u')).toMatchObject({ alive: 2, left: 1 })
    expect(await seen([pod('stopping', { ...labelled('u'), ...leaving })], 'u')).toMatchObject({ alive: 1, left: 0 })
  })
})

describe('the last lines of a pod', () => {
  const asked = async (one: KubeObject<'Pod'>) => {
    const of: unknown[] = []
    const logs = async (...given: unknown[]) => {
      of.push(given)
      return ['KeyError: rope']
    }
    const lines = await lastLines({ cluster: { logs } as unknown as Cluster } as WorkPorts, one)
    return { lines, of }
  }

  it('are asked of the container that failed, by its name: a pod of several answers nothing else', async () => {
    const one = {
      ...pod('p', { namespace: 'serving' }),
      status: {
        containerStatuses: [
          { name: 'proxy', ready: true, restartCount: 0, state: { running: {} } },
          {
            name: 'server',
            ready: false,
            restartCount: 2,
            state: { running: {} },
            lastState: { terminated: { exitCode: 1 } },
          },
        ],
      },
    } as unknown as KubeObject<'Pod'>
    expect(await asked(one)).toEqual({
      lines: ['KeyError: rope'],
      of: [[{ kind: 'Pod', namespace: 'serving', name: 'p' }, 20, { container: 'server', previous: true }]],
    })
  })
})
