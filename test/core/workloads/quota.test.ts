import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { isGivenBy, lacksQuota } from '../../../core/workloads/quota.ts'

const failing = (message: string, observedGeneration = 3) =>
  ({
    kind: 'Deployment',
    metadata: { name: 'm-g2', generation: 3 },
    status: {
      observedGeneration,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
    },
  }) as KubeObject<'Deployment'>
const said = (requested: string, used: string, limited: string): string =>
  `pods "m-g2-abc" is forbidden: exceeded quota: gpus, requested: ${requested}, used: ${used}, limited: ${limited}`
const pod = {
  spec: {
    containers: [
      {
        resources: {
          requests: { cpu: '1500m', memory: '64Gi', 'nvidia.com/gpu': '4' },
          limits: { memory: '64Gi', 'nvidia.com/gpu': '4' },
        },
      },
      { resources: { requests: { cpu: '500m' } } },
      {},
    ],
  },
} as unknown as V1Pod
const gpus = (used: number, limited: number): string =>
  said('requests.nvidia.com/gpu=4', `requests.nvidia.com/gpu=${used}`, `requests.nvidia.com/gpu=${limited}`)

it('a quota is lacked where the API server says that of what is asked for now', () => {
  expect([lacksQuota(failing(gpus(4, 4))), lacksQuota(failing(gpus(4, 4), 2))]).toEqual([true, false])
  expect([lacksQuota(failing('denied')), lacksQuota({ metadata: {} } as KubeObject<'Deployment'>)]).toEqual([
    false,
    false,
  ])
})

describe('what leaves gives room in a quota', () => {
  it.each<[string, string, { pods?: number; leaving?: number }, boolean]>([
    ['where it has as much', gpus(4, 4), {}, true],
    ['not where the quota is below that', gpus(4, 2), {}, false],
    ['nor where others use it, too', gpus(8, 4), {}, false],
    ['not to two where one leaves', gpus(4, 4), { pods: 2 }, false],
    ['to two where two leave', gpus(8, 8), { pods: 2, leaving: 2 }, true],
    ['not where nothing leaves', gpus(4, 4), { leaving: 0 }, false],
    ['of pods', said('pods=1', 'pods=1', 'pods=1'), {}, true],
    ['and of pods not below one', said('pods=1', 'pods=1', 'pods=0'), {}, false],
    ['of pods as objects', said('count/pods=1', 'count/pods=5', 'count/pods=5'), {}, true],
    ['of CPU in thousandths', said('cpu=2', 'cpu=3500m', 'cpu=3500m'), {}, true],
    ['and no thousandth more', said('requests.cpu=2', 'requests.cpu=3501m', 'requests.cpu=3500m'), {}, false],
    ['of memory as Kubernetes writes it', said('requests.memory=64Gi', 'memory=1', 'memory=2'), {}, false],
    ['of memory', said('limits.memory=64Gi', 'limits.memory=68719476736', 'limits.memory=65536Mi'), {}, true],
    ['not of CPU limits that it does not have', said('limits.cpu=1', 'limits.cpu=1', 'limits.cpu=1'), {}, false],
    [
      'of every resource that is named',
      said('pods=1,requests.cpu=2', 'pods=1,requests.cpu=2', 'pods=1,requests.cpu=1'),
      {},
      false,
    ],
    ['of all of them', said('pods=1,requests.cpu=2', 'pods=1,requests.cpu=2', 'pods=1,requests.cpu=2'), {}, true],
    [
      'not of what no pod gives back',
      said('count/jobs.batch=1', 'count/jobs.batch=1', 'count/jobs.batch=1'),
      {},
      false,
    ],
    ['not where a number cannot be read', said('pods=1', 'pods=many', 'pods=1'), {}, false],
    ['nor where one is missing', said('pods=1', 'services=1', 'pods=1'), {}, false],
    ['nor where it is said otherwise', 'pods "x" is forbidden: exceeded quota: gpus', {}, false],
  ])('%s', (_, message, { pods = 1, leaving = 1 }, expected) => {
    expect(isGivenBy(failing(message), { pods, leaving: Array.from({ length: leaving }, () => pod) })).toBe(expected)
  })

  it('but not in one that refuses nothing', () => {
    expect(isGivenBy(failing('denied by the webhook'), { pods: 1, leaving: [pod] })).toBe(false)
  })
})
