import { describe, expect, it } from 'vitest'
import { apiVersionOf, objectPath, pathOf, selecting } from '../../../effects/cluster/paths.ts'

describe('the path of objects', () => {
  it.each([
    [
      'a namespaced kind of a group',
      objectPath({ kind: 'Job', namespace: 'training', name: 'a' }),
      '/apis/batch/v1/namespaces/training/jobs/a',
    ],
    [
      'one of the core group',
      objectPath({ kind: 'Pod', namespace: 'training', name: 'a' }),
      '/api/v1/namespaces/training/pods/a',
    ],
    [
      'without a namespace: default',
      objectPath({ kind: 'Service', namespace: null, name: 'a' }),
      '/api/v1/namespaces/default/services/a',
    ],
    [
      'a kind of the whole cluster',
      objectPath({ kind: 'NodePool', namespace: null, name: 'a' }),
      '/apis/karpenter.sh/v1/nodepools/a',
    ],
    ['all namespaces', pathOf('Deployment', null), '/apis/apps/v1/deployments'],
    ['another version than ours', pathOf('Job', 'training', 'apps/v1'), '/apis/apps/v1/namespaces/training/jobs'],
    [
      'a name that could lead elsewhere',
      objectPath({ kind: 'Node', namespace: null, name: '../pods?x' }),
      '/api/v1/nodes/..%2Fpods%3Fx',
    ],
  ])('%s', (_, path, expected) => expect(path).toBe(expected))

  it('knows the version of each kind', () => {
    expect(apiVersionOf('Node')).toBe('v1')
    expect(apiVersionOf('HorizontalPodAutoscaler')).toBe('autoscaling/v2')
  })

  it('selects by labels and fields, each by its whole value', () => {
    expect(selecting()).toEqual({})
    expect(selecting({ a: '1', b: '2' }, { 'involvedObject.uid': 'u', reason: 'FailedMount' })).toEqual({
      labelSelector: 'a=1,b=2',
      fieldSelector: 'involvedObject.uid=u,reason=FailedMount',
    })
  })
})
