import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { addedTo, differing, editsOf, editsText } from '../../../core/workloads/same-content.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { config, identity, lane, serve } from '../planning/serve-fixture.ts'

type Deployment = KubeObject<'Deployment'>
type Fields = Record<string, unknown>

const pod = {
  containers: [
    {
      name: 'vllm',
      env: [{ name: 'CHUNK', value: '' }],
      resources: { requests: { cpu: '1000m' }, limits: { memory: '1024Gi' } },
    },
  ],
}
const applied = servingObjects({
  identity,
  run: { lane, generation: 1, attempt: 1 },
  desired: serve('7'),
  service: parsePolicy(config({ pod })).services['support-llama']!,
  engine: ENGINES.vllm[0],
  namespace: 'serving',
}).deployment

const WORKLOAD = 'signalbox-workload'
const fieldsOf = (value: unknown, list = ''): Fields => {
  const keyOf: Record<string, string> = { containers: 'name', env: 'name', volumes: 'name', volumeMounts: 'mountPath' }
  if (Array.isArray(value)) {
    const key = keyOf[list]
    if (key === undefined) return {}
    return Object.fromEntries(
      value.map((item: Fields) => [`k:${JSON.stringify({ [key]: item[key] })}`, { '.': {}, ...fieldsOf(item) }]),
    )
  }
  if (typeof value !== 'object' || value === null || list === 'nodeSelector') return {}
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, fieldsOf(inner, key)]))
}
const TEMPLATE = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"vllm"}']
const nested = (path: string[], leaf: Fields = {}): Fields =>
  path.reduceRight<Fields>((inner, part) => ({ [part]: inner }), leaf)
const without = (fields: Fields, [part = '', ...rest]: string[]): Fields =>
  rest.length === 0
    ? Object.fromEntries(Object.entries(fields).filter(([key]) => key !== part))
    : { ...fields, [part]: without((fields[part] ?? {}) as Fields, rest) }

/** As the server has it: with its defaults, and quantities as it writes them. */
const stored = (): Deployment => {
  const live = structuredClone(applied)
  const spec = live.spec as NonNullable<Deployment['spec']>
  Object.assign(spec, { replicas: 2 })
  Object.assign(spec.template.spec as object, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
  })
  const container = spec.template.spec?.containers[0] as unknown as Fields
  Object.assign(container, { imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log' })
  const resources = container['resources'] as Record<string, Fields>
  resources['requests'] = { ...resources['requests'], cpu: '1' }
  resources['limits'] = { ...resources['limits'], memory: '1Ti' }
  for (const one of container['env'] as Fields[]) if (one['value'] === '') delete one['value']
  live.metadata.managedFields = [
    {
      manager: WORKLOAD,
      operation: 'Apply',
      fieldsV1: fieldsOf({ metadata: { labels: applied.metadata.labels }, spec: applied.spec }),
    },
    { manager: 'signalbox-scale', operation: 'Apply', fieldsV1: nested(['f:spec', 'f:replicas']) },
    { manager: 'kube-controller-manager', operation: 'Update', subresource: 'status', fieldsV1: nested(['f:status']) },
  ] as Deployment['metadata']['managedFields']
  return live
}
/** What somebody sets in its container: theirs from then on. */
const edited = (field: string, value: unknown, manager = 'kubectl-set'): Deployment => {
  const live = stored()
  const container = live.spec?.template.spec?.containers[0] as unknown as Fields
  if (value === undefined) delete container[field]
  else container[field] = value
  const path = [...TEMPLATE, `f:${field}`]
  const [first, ...rest] = live.metadata.managedFields ?? []
  const released = { ...first, fieldsV1: without(first?.fieldsV1 as Fields, path) }
  const theirs = { manager, operation: 'Update', fieldsV1: nested(path, fieldsOf(value, field)) }
  live.metadata.managedFields = [released, ...rest, ...(value === undefined ? [] : [theirs])]
  return live
}
const at = (field: string): string => `.spec.template.spec.containers[name="vllm"].${field}`

describe('what somebody has changed of what we apply', () => {
  it('is nothing of what stands as it was applied: what the server fills in or writes otherwise is no edit', () => {
    expect(editsOf(stored(), applied)).toEqual([])
    expect(editsOf(stored(), null)).toEqual([])
  })

  it('is what was added, where nobody knows who owns what: not what the server fills in or writes otherwise', () => {
    const template = stored().spec?.template
    template!.metadata!.labels = { ...template?.metadata?.labels, 'pod-template-hash': '5d8c' }
    const live = (): Deployment => ({ ...applied, spec: { ...applied.spec!, template: structuredClone(template!) } })
    expect(addedTo(live(), applied)).toEqual([])
    const restarted = live()
    restarted.spec!.template.metadata!.annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' }
    expect(addedTo(restarted, applied)).toHaveLength(1)
  })

  it('is the image that `kubectl set image` sets, and who did, whatever the annotation says', () => {
    const live = edited('image', 'vllm:latest')
    expect(live.metadata.annotations).toEqual(applied.metadata.annotations)
    for (const known of [applied, null])
      expect(editsOf(live, known)).toEqual([{ field: at('image'), by: 'kubectl-set' }])
    expect(editsText(editsOf(live, applied))).toBe(`kubectl-set has changed ${at('image')}`)
  })

  it.each<[string, Deployment, { field: string; by: string | null }[]]>([
    ['arguments', edited('args', ['--model', 'other']), [{ field: at('args'), by: 'kubectl-set' }]],
    [
      'a command, which we do not say',
      edited('command', ['sh'], 'kubectl-edit'),
      [{ field: at('command'), by: 'kubectl-edit' }],
    ],
    ['what was taken away, which nobody owns any more', edited('readinessProbe', undefined), [{ field: at('readinessProbe'), by: null }]], // biome-ignore format: a line
  ])('is %s', (_, live, expected) => {
    const found = editsOf(live, applied)
    expect(found.filter(({ field }) => expected.some((one) => field.startsWith(one.field)))).toHaveLength(found.length)
    expect(found[0]?.by ?? null).toBe(expected[0]?.by)
    expect(found).not.toEqual([])
  })

  it('is a variable that somebody adds, and none that an admission adds, which nobody owns', () => {
    const env = stored().spec?.template.spec?.containers[0]?.env ?? []
    const added = stored()
    const more = [...env, { name: 'INJECTED', value: 'yes' }]
    ;(added.spec?.template.spec?.containers[0] as unknown as Fields)['env'] = more
    added.spec?.template.spec?.containers.push({ name: 'proxy', image: 'proxy:1' })
    expect(editsOf(added, applied)).toEqual([])
    const path = [...TEMPLATE, 'f:env', 'k:{"name":"INJECTED"}']
    added.metadata.managedFields?.push({ manager: 'kubectl-set', fieldsV1: nested(path, { '.': {}, 'f:value': {} }) })
    expect(editsOf(added, applied)).toEqual([{ field: `${at('env')}[name="INJECTED"].value`, by: 'kubectl-set' }])
  })

  const IN_POD = TEMPLATE.slice(0, 3)
  /** What somebody puts beside what we apply of the pod: theirs, and what is one value with it (`nodeSelector`) is ours no more. */
  const beside = (field: string, more: unknown, path: string[]): Deployment => {
    const live = stored()
    Object.assign(live.spec?.template.spec as object, { [field]: more })
    const [first, ...rest] = live.metadata.managedFields ?? []
    const isOneValue = path.length === 1
    const fieldsV1 = first?.fieldsV1 as Fields
    const released = { ...first, fieldsV1: isOneValue ? without(fieldsV1, [...IN_POD, ...path]) : fieldsV1 }
    const theirs = { manager: 'kubectl-edit', fieldsV1: nested([...IN_POD, ...path]) }
    live.metadata.managedFields = [released, ...rest, theirs]
    return live
  }
  const spec = applied.spec?.template.spec
  const sidecar = { name: 'proxy', image: 'proxy:1' }
  it.each<[string, string, unknown, string[], string]>([
    ['a container', 'containers', [...(spec?.containers ?? []), sidecar], ['f:containers', 'k:{"name":"proxy"}', 'f:image'], '.containers[name="proxy"]'], // biome-ignore format: a line
    ['a node selector', 'nodeSelector', { ...spec?.nodeSelector, zone: 'a' }, ['f:nodeSelector'], '.nodeSelector'],
    ['the network of the host', 'hostNetwork', true, ['f:hostNetwork'], '.hostNetwork'],
    ['another scheduler', 'schedulerName', 'volcano', ['f:schedulerName'], '.schedulerName'],
    ['a gate of its scheduling', 'schedulingGates', [{ name: 'x/y' }], ['f:schedulingGates'], '.schedulingGates'],
    ['a gate of its readiness', 'readinessGates', [{ conditionType: 'x/y' }], ['f:readinessGates'], '.readinessGates'],
    ['another resolver', 'dnsPolicy', 'None', ['f:dnsPolicy'], '.dnsPolicy'],
    ['users of the host', 'hostUsers', false, ['f:hostUsers'], '.hostUsers'],
    ['a group', 'securityContext', { ...spec?.securityContext, supplementalGroups: [0] }, ['f:securityContext', 'f:supplementalGroups'], '.securityContext.supplementalGroups'], // biome-ignore format: a line
    ['a volume', 'volumes', [...(spec?.volumes ?? []), { name: 'host', hostPath: { path: '/' } }], ['f:volumes', 'k:{"name":"host"}', 'f:hostPath', 'f:path'], '.volumes[name="host"].hostPath.path'], // biome-ignore format: a line
  ])('is %s that somebody adds to our pods', (_, field, more, path, said) => {
    const live = beside(field, more, path)
    const expected = [{ field: `.spec.template.spec${said}`, by: 'kubectl-edit' }]
    expect([editsOf(live, applied), editsOf(live, null)]).toEqual([expected, expected])
  })

  it('is a limit that `kubectl set resources` adds, and no request that the server fills in from a limit', () => {
    const live = stored()
    const container = live.spec?.template.spec?.containers[0] as unknown as Fields
    const resources = container['resources'] as Record<string, Fields>
    resources['limits'] = { ...resources['limits'], cpu: '4' }
    const path = [...TEMPLATE, 'f:resources']
    const fieldsV1 = nested(path, { 'f:limits': { 'f:cpu': {} }, 'f:requests': { 'f:memory': {} } })
    live.metadata.managedFields?.push({ manager: 'kubectl', fieldsV1 })
    resources['requests'] = { ...resources['requests'], memory: '1Ti' }
    expect(editsOf(live, applied)).toEqual([{ field: `${at('resources')}.limits.cpu`, by: 'kubectl' }])
  })

  const annotated = (name: string): Deployment => {
    const live = stored()
    Object.assign(live.spec?.template.metadata as object, { annotations: { [name]: 'true' } })
    const path = ['f:spec', 'f:template', 'f:metadata', 'f:annotations', `f:${name}`]
    live.metadata.managedFields?.push({ manager: 'kubectl-patch', operation: 'Update', fieldsV1: nested(path) })
    return live
  }

  it('is what has somebody else’s admission put something into our pods, and another way to have their image', () => {
    for (const known of [applied, null]) {
      const field = '.spec.template.metadata.annotations.sidecar.istio.io/inject'
      expect(editsOf(annotated('sidecar.istio.io/inject'), known)).toEqual([{ field, by: 'kubectl-patch' }])
      const pulled = edited('imagePullPolicy', 'Never')
      expect(editsOf(pulled, known)).toEqual([{ field: at('imagePullPolicy'), by: 'kubectl-set' }])
    }
  })

  it('is nothing of what the server fills in, which somebody sends back as it was read, nor what they have taken back', () => {
    const live = stored()
    const pod = { 'f:dnsPolicy': {}, 'f:restartPolicy': {}, 'f:schedulerName': {}, 'f:hostUsers': {} }
    const container = { 'f:imagePullPolicy': {}, 'f:terminationMessagePath': {} }
    const by = { manager: 'flux', operation: 'Apply' }
    live.metadata.managedFields?.push({ ...by, fieldsV1: nested(IN_POD, pod) }, { ...by, fieldsV1: nested(TEMPLATE, container) }) // biome-ignore format: a line
    Object.assign(live.spec?.template.metadata as object, { annotations: {} })
    const emptied = { ...nested(['f:spec', 'f:template', 'f:metadata'], { 'f:annotations': { '.': {} } }) }
    live.metadata.managedFields?.push({ ...by, fieldsV1: emptied })
    expect([editsOf(live, applied), editsOf(live, null)]).toEqual([[], []])
  })

  it('is no node selector that somebody has set back', () => {
    const live = beside('nodeSelector', spec?.nodeSelector, ['f:nodeSelector'])
    expect(editsOf(live, applied)).toEqual([])
  })

  it('is not what an admission makes of our own request, which stays ours', () => {
    const live = stored()
    ;(live.spec?.template.spec?.containers[0] as unknown as Fields)['image'] =
      `mirror.example/${applied.spec?.template.spec?.containers[0]?.image}`
    expect(editsOf(live, applied)).toEqual([])
  })

  it('is not what is as it was applied again, though somebody else has set it', () => {
    const image = applied.spec?.template.spec?.containers[0]?.image
    expect(editsOf(edited('image', image), applied)).toEqual([])
  })

  it.each<[string, unknown]>([
    ['revisionHistoryLimit', 3],
    ['progressDeadlineSeconds', 1200],
    ['minReadySeconds', 30],
    ['strategy', { type: 'Recreate' }],
  ])('is nothing that changes no pod: %s', (field, value) => {
    const live = stored()
    Object.assign(live.spec as object, { [field]: value })
    const [first, ...rest] = live.metadata.managedFields ?? []
    const path = ['f:spec', `f:${field}`]
    const released = { ...first, fieldsV1: without(first?.fieldsV1 as Fields, path) }
    const theirs = { manager: 'kubectl-edit', operation: 'Update', fieldsV1: nested(path, fieldsOf(value, field)) }
    live.metadata.managedFields = [released, ...rest, theirs] as typeof rest
    expect([editsOf(live, applied), editsOf(live, null)]).toEqual([[], []])
  })

  it('is no restart of the rollout', () => {
    const live = stored()
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-23T12:00:00Z' }
    Object.assign(live.spec?.template.metadata as object, { annotations })
    const path = ['f:spec', 'f:template', 'f:metadata', 'f:annotations', 'f:kubectl.kubernetes.io/restartedAt']
    live.metadata.managedFields?.push({ manager: 'kubectl-rollout', operation: 'Update', fieldsV1: nested(path) })
    expect(editsOf(live, applied)).toEqual([])
    expect(editsOf(live, null)).toEqual([])
  })

  it('is told by its content alone where nobody knows who owns what', () => {
    const live = edited('image', 'vllm:latest')
    delete live.metadata.managedFields
    expect(editsOf(live, applied)).toEqual([{ field: at('image'), by: null }])
    expect(editsText(editsOf(live, applied))).toBe(`somebody has changed ${at('image')}`)
    // Made anew from a copy, by who restores clusters: all of it is theirs, and none of it is edited.
    const copied = stored()
    copied.metadata.managedFields = [{ manager: 'velero-server', fieldsV1: fieldsOf({ spec: copied.spec }) }]
    expect(editsOf(copied, applied)).toEqual([])
    expect(editsOf(copied, null)).toEqual([])
  })
})

describe('two contents', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['more than is said', { a: 1 }, { a: 1, b: 2 }, []],
    ['nothing, however it is written', { a: '', b: [], c: false, d: null, e: {} }, {}, []],
    ['something in the place of nothing', { a: false }, { a: true }, ['a']],
    ['quantities', { limits: { cpu: 0.1, memory: '1Gi' } }, { limits: { cpu: '100m', memory: '1024Mi' } }, []],
    ['a number that is none', { value: '1.0' }, { value: '1' }, ['value']],
    ['a list that is one value', { args: ['a'] }, { args: ['a', 'b'] }, ['args']],
    ['items by name, in any order', { env: [{ name: 'A', value: '1' }] }, { env: [{ name: 'B' }, { name: 'A', value: '1' }] }, []], // biome-ignore format: a line
    ['an item that is not there', { env: [{ name: 'A', value: '1' }] }, { env: [] }, ['env/[name="A"]']],
  ])('%s', (_, wanted, live, expected) => {
    expect(differing(wanted, live).map((path) => path.join('/'))).toEqual(expected)
  })
})
