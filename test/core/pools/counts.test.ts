import { expect, it } from 'vitest'
import { poolAdmission } from '../../../core/bootstrap/admission-of-pools.ts'
import { nodeClassManifests } from '../../../core/bootstrap/node-classes.ts'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import type { KubeObject } from '../../../core/kube.ts'
import { priceSource } from '../../../core/money/prices.ts'
import { mayTake, placesOf } from '../../../core/planning/sits-in.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { amountText, countsIn, unitsOf } from '../../../core/pools/counts.ts'
import { ceilingObject, isSetByLane, limitOf } from '../../../core/pools/node-pool.ts'
import { withoutGpus } from '../../without-gpus.ts'

const config = withoutGpus({ pool: { leases: { maxNodes: 3, maxHours: 2 } } })
const policy = parsePolicy({ ...config, nodes: { ami: 'al2023@v20260810', role: 'r' } })
const rule = policy.pools['cpu']!
const made = nodePoolObject({ ...rule, name: 'cpu' })

it('is said in words of what the pool has', () => {
  expect([amountText(1, rule), amountText(2, rule), unitsOf(rule)]).toEqual(['1 node', '2 nodes', 'nodes'])
  expect([amountText(1, {}), amountText(2, undefined), unitsOf(undefined)]).toEqual(['1 GPU', '2 GPUs', 'GPUs'])
  expect(priceSource('cpu', rule)).toBe('m7i.4xlarge on-demand $0.81/h a node (AWS price list, 2026-11-01)')
})

it('a NodePool without GPUs is limited in nodes, and tainted so that nobody else’s pod has one started', () => {
  expect(made.spec?.limits).toEqual({ nodes: '2' })
  expect(made.spec?.template?.spec?.taints).toEqual([
    { key: 'signalbox.dev/whole-node', value: 'true', effect: 'NoSchedule' },
  ])
  expect(made.spec?.template?.metadata?.labels).toEqual({ 'signalbox.dev/gpus-per-node': '0' })
  expect(JSON.stringify(made)).not.toContain('nvidia.com')
  expect([countsIn(made), limitOf(made)]).toEqual([{ counts: 'nodes' }, 2])
  expect(ceilingObject('cpu', 5, countsIn(made)).spec).toEqual({ limits: { nodes: '5' } })
  const fieldsV1 = { 'f:spec': { 'f:limits': { 'f:nodes': {} } } }
  const managedFields = [{ manager: 'signalbox-ceiling', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 }]
  const metadata = { name: 'cpu', annotations: { 'signalbox.dev/fence-ceiling': '4' }, managedFields }
  expect(isSetByLane({ ...made, metadata } as KubeObject)).toBe(true)
})

it('its nodes have a disk of 100 GiB, no faster than it comes', () => {
  const found = nodeClassManifests(policy).find(({ metadata }) => metadata.name === 'cpu')
  expect(found).toMatchObject({ spec: { blockDeviceMappings: [{ ebs: { volumeSize: '100Gi', volumeType: 'gp3' } }] } })
  expect(JSON.stringify(found)).not.toContain('iops')
})

it('a door sets its limit of nodes alone, and no higher than all that may be leased on top', () => {
  const [only, bound] = poolAdmission(policy).find(({ name }) => name === 'ceilings-by-door')!.validations
  expect(only?.expression).toContain(`(object.metadata.name in ['cpu'] ? 'nodes' : 'nvidia.com/gpu')`)
  expect(bound?.expression).toContain(
    `(object.metadata.name == 'cpu' && quantity(string(object.spec.limits['nodes'])).compareTo(quantity('5')) <= 0)`,
  )
  const { cpu: _, ...pools } = policy.pools
  expect(JSON.stringify(poolAdmission({ ...policy, pools }))).not.toContain("'nodes'")
})

it('who waits for a GPU, and tolerates everything, takes none of its nodes; who waits for a node takes no GPU', () => {
  const pod = (spec: object) =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'elsewhere' }, spec }) as KubeObject<'Pod'>
  const resources = { limits: { 'nvidia.com/gpu': '1' } }
  const gpu = pod({ containers: [{ name: 'g', resources }], tolerations: [{ operator: 'Exists' }] })
  const whole = { key: 'signalbox.dev/whole-node', operator: 'Exists' }
  const node = pod({ containers: [{ name: 'n' }], tolerations: [whole, { key: 'nvidia.com/gpu', operator: 'Exists' }] })
  const train = nodePoolObject({ ...policy.pools['gpu-train']!, name: 'gpu-train' })
  const placesIn = (pool: string) => placesOf({ nodes: [], nodePools: [made, train] }, pool, policy)
  expect([mayTake(gpu, placesIn('cpu')), mayTake(gpu, placesIn('gpu-train'))]).toEqual([false, true])
  expect([mayTake(node, placesIn('cpu')), mayTake(node, placesIn('gpu-train'))]).toEqual([true, false])
})
