import { expect, it } from 'vitest'
import { gangWrongs } from '../../../core/policy/gang.ts'

it('pods of a gang keep the names and the DNS by which they find each other; those of one node may have others', () => {
  const pod = { hostname: 'a', dnsPolicy: 'None' }
  expect(gangWrongs({ nodes: 2, pod }).map(({ path }) => path.join('.'))).toEqual(['pod.hostname', 'pod.dnsPolicy'])
  expect(gangWrongs({ nodes: 2, pod: { dnsPolicy: 'ClusterFirst' } })).toEqual([])
  expect(gangWrongs({ nodes: 1, pod })).toEqual([])
})
