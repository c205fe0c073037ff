import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { namesFindings } from '../../../cli/commands/doctor-names.ts'
import type { Policy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { clear, furnish, ownPolicy } from '../real-town.ts'

const own = ownPolicy(`names-${process.pid}`)
const { training } = own.namespaces
const [rule = ''] = Object.keys(own.pipelines)
const [stage, ...later] = own.pipelines[rule]?.stages ?? []
const policy = {
  ...own,
  pipelines: {
    [rule]: {
      ...own.pipelines[rule],
      stages: [
        {
          ...stage,
          secrets: { HF_TOKEN: { secret: 'hub', key: 'token' } },
          pod: { runtimeClassName: 'nobody-made-this', volumes: [{ name: 'a', configMap: { name: 'settings' } }] },
        },
        ...later,
      ],
    },
  },
} as Policy

let requests: Requests
beforeAll(async () => {
  requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
})
afterAll(async () => {
  await clear(requests, policy)
  await requests.close()
})

const said = async () =>
  Object.fromEntries((await namesFindings(requests, policy)).map(({ check, ok, detail }) => [check, `${ok} ${detail}`]))
const make = (kind: string, plural: string, more: object) =>
  requests.send({
    method: 'POST',
    path: `/api/v1/namespaces/${training}/${plural}`,
    body: { apiVersion: 'v1', kind, ...more },
  })

it('a real API server says what is there without a value of a Secret, before and after each thing is made', async () => {
  expect(await said()).toMatchObject({
    [`Namespace ${training}`]: expect.stringContaining('bootstrap'),
    [`Secret hub in ${training}`]: expect.stringContaining('--from-file=token=FILE'),
  })
  await furnish(requests, policy)
  const RUNTIME = 'RuntimeClass nobody-made-this'
  expect(Object.keys(await said())).toEqual([`Secret hub in ${training}`, RUNTIME, `ConfigMap settings in ${training}`])
  await make('ConfigMap', 'configmaps', { metadata: { name: 'settings' }, data: { a: 'b' } })
  await make('Secret', 'secrets', { metadata: { name: 'hub' }, stringData: { tokn: 'not to be read' } })
  expect(await said()).toEqual({
    [`Secret hub in ${training}`]: expect.stringMatching(/^false it has no key token, only tokn: `kubectl -n /),
    [RUNTIME]: expect.stringContaining('kubectl get runtimeclass'),
  })
  await requests.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/${training}/secrets/hub`,
    type: 'application/merge-patch+json',
    body: { data: { token: 'eA==' } },
  })
  expect(Object.keys(await said())).toEqual([RUNTIME])
})
