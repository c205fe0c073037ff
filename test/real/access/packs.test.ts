import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { packManifests } from '../../../core/bootstrap/packs.ts'
import { groupOfPeople, type People } from '../../../core/bootstrap/people.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { compareManifest, manifestPath } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { moduleAt } from '../../../local/rig/binaries.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { cli } from '../../cli/running.ts'
import { clear, ownConfig } from '../real-town.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const OF_CRDS = ['PodMonitor', 'ServiceMonitor', 'PrometheusRule', 'AuthorizationPolicy']
const KINDS = ['podmonitors', 'servicemonitors', 'prometheusrules', 'prometheuses']

const name = `packs-${process.pid}`
const callers = [{ namespace: 'web', serviceAccount: 'chat' }, { namespace: 'monitoring' }]
const own = ownConfig(name)
const services = Object.entries(own.services ?? {}).map(([key, one]) => [key, { ...one, callers }])
const written = { ...own, services: Object.fromEntries(services) }
const policy = parsePolicy(written)
const { serving } = policy.namespaces
const OPTIONS = { release: 'prometheus', prober: 'blackbox.monitoring.svc:9115' }
const config = () => loadKubeconfig({ file: inject('kubeconfig') })

let admin: Requests
let folder: string
beforeAll(async () => {
  admin = await openRequests(config())
  folder = mkdtempSync(join(tmpdir(), 'signalbox-packs-'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(written))
})
afterAll(async () => {
  for (const one of packManifests(policy, ['access'], OPTIONS))
    if (one.metadata.namespace === undefined) await admin.send({ method: 'DELETE', path: manifestPath(one) })
  await clear(admin, policy)
  await admin.close()
  rmSync(folder, { recursive: true, force: true })
})

const bootstrapped = async (...argv: string[]) => {
  const { group, kind, name: of } = NODE_CLASS
  const where = ['--config', join(folder, 'config.json'), '--kubeconfig', inject('kubeconfig')]
  const packs = [
    '--with',
    'monitoring,access,istio',
    '--prober',
    OPTIONS.prober,
    '--node-class',
    `${group}/${kind}/${of}`,
  ]
  return cli('bootstrap', ...where, ...packs, ...argv)
}
const objectsIn = async (
  ...argv: string[]
): Promise<{ kind: string; name: string; state: string; detail: string[] }[]> =>
  (JSON.parse((await bootstrapped(...argv, '--json')).out) as { objects: never[] }).objects

/** Istio's own CRD of who may call whom, as its module has it among others. */
const installMesh = async (): Promise<void> => {
  const module = await moduleAt('istio.io/api', 'v1.32.0')
  const all = readFileSync(join(module, 'kubernetes/customresourcedefinitions.gen.yaml'), 'utf8').split(/^---$/m)
  const body = all.find((one) => /^ {2}name: authorizationpolicies\.security\.istio\.io$/m.test(one)) ?? ''
  await define('authorizationpolicies.security.istio.io', body)
  await offered('security.istio.io/v1', ['authorizationpolicies'])
}

const define = async (crd: string, body: string): Promise<void> => {
  const query = { fieldManager: 'rig', force: 'true' }
  const path = `${CRDS}/${crd}`
  const { status } = await admin.send({ method: 'PATCH', path, query, body, type: 'application/apply-patch+yaml' })
  expect([200, 201]).toContain(status)
}

/** The operator's own CRDs, as its module has them. */
const install = async (): Promise<void> => {
  const module = await moduleAt('github.com/prometheus-operator/prometheus-operator', 'v0.93.0')
  for (const kind of KINDS) {
    const body = readFileSync(
      join(module, `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`),
      'utf8',
    )
    await define(`${kind}.monitoring.coreos.com`, body)
  }
  await offered('monitoring.coreos.com/v1', KINDS)
}

/** Until the API server has them: a CRD is taken before its kind is. */
const offered = async (version: string, kinds: readonly string[]): Promise<void> => {
  for (;;) {
    const { body } = await admin.send({ method: 'GET', path: `/apis/${version}` })
    const { resources = [] } = body as { resources?: { name: string }[] }
    if (kinds.every((kind) => resources.some((one) => one.name === kind))) return
    await pause(200)
  }
}

describe('packs on a cluster', () => {
  it('without the operator: what is left out is named, and all else is made', async () => {
    const objects = await objectsIn('--apply')
    const leftOut = objects.filter(({ state }) => state === 'left-out')
    const guards = services.map(() => 'AuthorizationPolicy')
    expect(leftOut.map(({ kind }) => kind)).toEqual(['PodMonitor', 'ServiceMonitor', 'PrometheusRule', ...guards])
    expect(objects.filter(({ kind }) => kind === 'NetworkPolicy')).toHaveLength(services.length)
    expect(leftOut[0]?.detail).toEqual(['its CRD podmonitors.monitoring.coreos.com is not installed'])
    expect(objects.filter(({ state }) => !['missing', 'changed', 'left-out'].includes(state))).toEqual([])
    const { out, err, code } = await bootstrapped()
    expect([code, err]).toEqual([0, expect.stringContaining(`PodMonitor signalbox-${name} is left out`)])
    expect(out).not.toContain('"PodMonitor"')
    expect(out).toContain('"grafana_dashboard": "1"')
  })

  it('once it is there, its own CRDs take all of it, by strict validation, and a second look finds it as it should be', async () => {
    await install()
    await installMesh()
    const ofOperator = (objects: Awaited<ReturnType<typeof objectsIn>>) =>
      objects.filter(({ kind }) => OF_CRDS.includes(kind))
    const made = ofOperator(await objectsIn('--apply'))
    expect(new Set(made.map(({ kind }) => kind))).toEqual(new Set(OF_CRDS))
    expect(new Set(made.map(({ state }) => state))).toEqual(new Set(['missing']))
    expect((await objectsIn('--diff')).filter(({ state }) => state !== 'same')).toEqual([])
  })

  it('says which release a Prometheus of the cluster reads, until it is that', async () => {
    const path = `/apis/monitoring.coreos.com/v1/namespaces/${serving}/prometheuses`
    const selector = { matchLabels: { release: 'kps' } }
    const spec = { podMonitorSelector: selector, serviceMonitorSelector: selector, ruleSelector: selector }
    const body = { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', metadata: { name: 'kps' }, spec }
    expect((await admin.send({ method: 'POST', path, body })).status).toBe(201)
    expect((await bootstrapped('--diff')).err).toContain('`--release kps`')
    expect((await bootstrapped('--diff', '--release', 'kps')).err).toBe('')
    await admin.send({ method: 'DELETE', path: `${path}/kps` })
  })

  it('takes many services, long names and what a regular expression would read otherwise', async () => {
    const [of] = Object.values(policy.services)
    const [pipeline] = Object.values(policy.pipelines)
    const names = Array.from({ length: 200 }, (_, index) => `A.b_c-${index}-${'x'.repeat(40)}`)
    const schedule = { cron: '0 2 * * *', zone: 'UTC' }
    const many = {
      ...policy,
      services: Object.fromEntries(names.map((one, index) => [one, { ...of!, was: index % 2 ? one : `w.${index}` }])),
      pipelines: Object.fromEntries(
        names.slice(0, 40).map((_, index) => [`p${index}-${'y'.repeat(40)}`, { ...pipeline!, on: { schedule } }]),
      ),
    }
    for (const manifest of packManifests(many, ['monitoring'], OPTIONS)) {
      const { state, detail } = await compareManifest(admin, manifest)
      // The dashboard asks Prometheus which services there are.
      const wanted = manifest.kind === 'ConfigMap' ? 'same' : 'changed'
      expect([manifest.kind, state, state === 'refused' ? detail : []]).toEqual([manifest.kind, wanted, []])
    }
  })

  it('a rule that somebody has edited in place is told, and not taken', async () => {
    const path = `/apis/monitoring.coreos.com/v1/namespaces/${serving}/prometheusrules/signalbox-${name}`
    const { body } = await admin.send({ method: 'GET', path })
    const { groups } = (body as { spec: { groups: { name: string; rules: { alert?: string; expr: string }[] }[] } })
      .spec
    const edited = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) =>
        rule.alert === 'SignalboxCacheFull' ? { ...rule, expr: 'vector(1) > 2' } : rule,
      ),
    }))
    const type = 'application/merge-patch+json'
    const query = { fieldManager: 'somebody' }
    await admin.send({ method: 'PATCH', path, query, type, body: { spec: { groups: edited } } })
    for (const how of ['--diff', '--apply'])
      expect((await objectsIn(how)).filter(({ state }) => state !== 'same' && state !== 'changed')).toMatchObject([
        { kind: 'PrometheusRule', state: 'refused', detail: [expect.stringContaining('somebody has set')] },
      ])
  })
})

describe('people on a cluster', () => {
  const asked = async (people: People, attributes: object): Promise<boolean> => {
    const spec = { user: 'ana', groups: [groupOfPeople(policy, people)], resourceAttributes: attributes }
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
    const answer = await admin.send({ method: 'POST', path, body })
    return (answer.body as { status: { allowed: boolean } }).status.allowed
  }
  const pods = { namespace: serving, resource: 'pods' }

  it.each<[string, object, boolean, boolean]>([
    ['list pods', { ...pods, verb: 'list' }, true, true],
    ['list NodePools', { group: 'karpenter.sh', resource: 'nodepools', verb: 'list' }, true, true],
    ['read logs', { ...pods, subresource: 'log', verb: 'get' }, false, true],
    ['delete a pod', { ...pods, verb: 'delete' }, false, true],
    ['delete a pod elsewhere', { ...pods, namespace: 'kube-system', verb: 'delete' }, false, false],
    ['run a command in a pod', { ...pods, subresource: 'exec', verb: 'create' }, false, false],
    ['read a Secret', { namespace: serving, resource: 'secrets', verb: 'get' }, false, false],
    ['delete a Job', { namespace: serving, group: 'batch', resource: 'jobs', verb: 'delete' }, false, false],
    [
      'change a Deployment',
      { namespace: serving, group: 'apps', resource: 'deployments', verb: 'patch' },
      false,
      false,
    ],
    [
      'write the marker',
      { namespace: serving, resource: 'configmaps', name: 'signalbox', verb: 'patch' },
      false,
      false,
    ],
    [
      'speak for Signalbox',
      { namespace: serving, resource: 'configmaps', name: 'signalbox', verb: 'use' },
      false,
      false,
    ],
  ])('may they %s', async (_, attributes, viewer, operator) => {
    expect([await asked('viewers', attributes), await asked('operators', attributes)]).toEqual([viewer, operator])
  })
})
