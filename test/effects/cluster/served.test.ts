import { expect, it } from 'vitest'
import { packManifests } from '../../../core/bootstrap/packs.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Call } from '../../../effects/cluster/requests.ts'
import { servedOf, unreadOn } from '../../../effects/cluster/served.ts'
import { NotAllowed } from '../../../flows/ports.ts'
import config from '../../example.ts'

const made = packManifests(parsePolicy(config), ['monitoring', 'access'], {
  release: 'prometheus',
  prober: 'blackbox.monitoring.svc:9115',
})

/** A server that says of the operator's group what is given, and is asked nothing else. */
const saying = (status: number, kinds: string[] = []) => {
  const calls: Call[] = []
  const send = async (call: Call) => {
    calls.push(call)
    return { status, body: { resources: kinds.map((kind) => ({ kind, name: kind.toLowerCase() })), message: 'said' } }
  }
  return { calls, send }
}

it('leaves out what the cluster does not have, by the name of its CRD, and asks once', async () => {
  const server = saying(200, ['PrometheusRule', 'Probe'])
  const { served, leftOut } = await servedOf(server, made)
  expect(server.calls).toEqual([{ method: 'GET', path: '/apis/monitoring.coreos.com/v1' }])
  expect(leftOut.map(({ manifest, state, detail }) => [manifest.kind, state, ...detail])).toEqual([
    ['PodMonitor', 'left-out', 'its CRD podmonitors.monitoring.coreos.com is not installed'],
    ['ServiceMonitor', 'left-out', 'its CRD servicemonitors.monitoring.coreos.com is not installed'],
  ])
  expect(served).toEqual(made.filter(({ kind }) => !['PodMonitor', 'ServiceMonitor'].includes(kind)))
})

it('of a cluster without the group nothing of it is left, and what is Kubernetes’ own stays', async () => {
  const { served, leftOut } = await servedOf(saying(404), made)
  expect(leftOut.map(({ manifest }) => manifest.kind)).toEqual(['PodMonitor', 'ServiceMonitor', 'PrometheusRule'])
  expect(served.length).toBe(made.length - 3)
})

it('where nothing asks for more than Kubernetes has, nobody is asked', async () => {
  const server = saying(500)
  const own = made.filter(({ kind }) => kind === 'ConfigMap')
  expect(await servedOf(server, own)).toEqual({ served: own, leftOut: [] })
  expect(server.calls).toEqual([])
})

it('who may not ask is told so, and nothing is taken to be missing', async () => {
  await expect(servedOf(saying(403), made)).rejects.toThrow(NotAllowed)
})

it('asks which of it is read by a Prometheus of the operator, and concludes nothing where nobody says', async () => {
  const spec = { podMonitorSelector: { matchLabels: { release: 'kps' } }, serviceMonitorSelector: {}, ruleSelector: {} }
  const send = async ({ path }: Call) => {
    expect(path).toBe('/apis/monitoring.coreos.com/v1/prometheuses')
    return { status: 200, body: { items: [{ spec }] } }
  }
  expect(await unreadOn({ send }, made)).toEqual([
    'no Prometheus of the cluster reads PodMonitors of the release prometheus, but of kps: `--release kps`',
  ])
  for (const status of [403, 404]) expect(await unreadOn(saying(status), made)).toEqual([])
  const nobody = saying(200)
  expect(
    await unreadOn(
      nobody,
      made.filter(({ kind }) => kind === 'ConfigMap'),
    ),
  ).toEqual([])
  expect(nobody.calls).toEqual([])
})
