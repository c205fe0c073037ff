import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { main } from '../../../cli/main.ts'
import { EXIT } from '../../../cli/output.ts'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { type KubeObject, QUEUE_LABEL } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, compareManifest, leftBefore, manifestPath } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { clusterDoors } from '../../../local/doors.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { clear, furnish, ownConfig, ownPolicy } from '../real-town.ts'

const policy = ownPolicy(`admission-${process.pid}`)
const { serving: namespace } = policy.namespaces
const DIGEST = `vllm@sha256:${'a'.repeat(64)}`

const folder = mkdtempSync(join(tmpdir(), 'signalbox-admission-'))

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  await furnish(admin, policy)
  // A policy is in force a moment after it is there: until then what it refuses would pass.
  for (let refused = false; !refused; ) refused = (await deploy('probe', { image: 'vllm:latest' })).status === 422
})
afterAll(async () => {
  await clear(admin, policy)
  await admin.close()
  rmSync(folder, { recursive: true, force: true })
})

interface MarksSpec {
  matchConditions: { name: string; expression: string }[]
  matchConstraints: { resourceRules: object[] }
}

const deploy = (
  name: string,
  { image = DIGEST, fence, ours = true }: { image?: string; fence?: string; ours?: boolean } = {},
) =>
  admin.send({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    query: { fieldManager: 'test', force: 'true' },
    type: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name,
        labels: ours ? { 'signalbox.dev/installation': policy.installation } : {},
        annotations: fence === undefined ? {} : { 'signalbox.dev/fence-scale': fence },
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'vllm', image }] } },
      },
    },
  })

describe('a writer’s fence never goes back', () => {
  it.each([
    ['a later revision writes', '9', '10', 200],
    ['the same writer writes again', '9', '9', 200],
    ['a much later revision writes', '99', '100000', 200],
    ['an older revision comes late', '10', '9', 422],
    ['an older revision with more zeros', '10', '009', 422],
    ['no number', '9', 'ten', 422],
    ['a number that no revision has', '9', '99999999999999999999', 422],
    ['what is empty', '9', '', 422],
    ['the fence is taken off', '9', undefined, 422],
    ['a number takes the place of what an older release wrote', '000002.001', '1', 200],
  ] as const)('%s', async (what, before, after, status) => {
    const name = what.replaceAll(' ', '-')
    expect((await deploy(name, { fence: before })).status).toBe(201)
    const answer = await deploy(name, after === undefined ? {} : { fence: after })
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    if (status === 422) expect(JSON.stringify(answer.body)).toContain('may not go back')
  })
})

describe('Kueue’s own writes to a Job of ours', () => {
  const path = `/apis/batch/v1/namespaces/${policy.namespaces.training}/jobs`
  const labels = { 'signalbox.dev/installation': policy.installation, [QUEUE_LABEL]: 'gpu' }
  const annotations = { 'signalbox.dev/digest': 'a'.repeat(64), 'signalbox.dev/fence-workload': '7' }
  const containers = [{ name: 'main', image: DIGEST }]
  const as = (at: string, body: object) =>
    vi.waitUntil(
      async () => {
        const answer = await admin.send({
          method: 'PATCH',
          path: `${path}/queued${at}`,
          query: { fieldManager: 'kueue-job-controller' },
          type: 'application/merge-patch+json',
          body,
        })
        // Until the Job's own controller has seen the suspension, which takes as long as the machine is busy, the API
        // server itself, not our admission, holds the template for one that cannot change. Kueue writes again.
        const isHeld = answer.status === 422 && JSON.stringify(answer.body).includes('field is immutable')
        return isHeld ? undefined : answer
      },
      { timeout: 180_000 },
    )
  const where = (nodeSelector: object) => ({ template: { spec: { nodeSelector } } })

  it('lifting the suspension with a node selector, suspending again and taking it back: none is refused', async () => {
    const spec = { suspend: true, template: { spec: { restartPolicy: 'Never', containers } } }
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'queued', labels, annotations }, spec }
    expect((await admin.send({ method: 'POST', path, body })).status).toBe(201)
    const flavor = { 'node.kubernetes.io/instance-type': 'p5.48xlarge' }
    const tolerations = [{ key: 'spot', operator: 'Exists' }]
    const answers = [
      await as('', { spec: { suspend: false, template: { spec: { nodeSelector: flavor, tolerations } } } }),
      await as('', { spec: { suspend: true }, metadata: { annotations: { 'kueue.x-k8s.io/stopping': 'true' } } }),
      await as('/status', { status: { startTime: null } }),
      await as('', {
        spec: where({ 'node.kubernetes.io/instance-type': null }),
        metadata: { annotations: { 'kueue.x-k8s.io/stopping': null } },
      }),
      await as('', { spec: { suspend: false, ...where({ 'karpenter.sh/capacity-type': 'spot' }) } }),
    ]
    expect(answers.map(({ status, body: said }) => [status, status === 200 ? '' : said])).toEqual(
      answers.map(() => [200, '']),
    )
    expect(answers.at(-1)?.body).toMatchObject({
      metadata: { annotations, labels },
      spec: { suspend: false, template: { spec: { nodeSelector: { 'karpenter.sh/capacity-type': 'spot' } } } },
    })
  })
})

describe('images on what is ours are named by digest', () => {
  it('a tag is refused with the reason', async () => {
    const answer = await deploy('tagged', { image: 'vllm/vllm-openai:v0.11.0' })
    expect(answer.status).toBe(422)
    expect(JSON.stringify(answer.body)).toContain('named by digest')
  })

  it('also when the label is taken off with the same write', async () => {
    expect((await deploy('unlabelled')).status).toBe(201)
    expect((await deploy('unlabelled', { image: 'vllm:latest', ours: false })).status).toBe(422)
  })

  it('what is not ours may be as it likes', async () => {
    expect((await deploy('theirs', { image: 'nginx', ours: false })).status).toBe(201)
  })
})

describe('bootstrap', () => {
  const manifests = bootstrapManifests(policy, clusterDoors, NODE_CLASS)

  it('applied twice changes nothing; a change by somebody else is seen and named, never taken', async () => {
    for (const manifest of manifests)
      expect(await compareManifest(admin, manifest), JSON.stringify(manifest)).toMatchObject({ state: 'same' })
    const [name] = Object.keys(policy.pools)
    const path = `/apis/karpenter.sh/v1/nodepools/${name}`
    const spec = { limits: { 'nvidia.com/gpu': '999' } }
    await admin.send({
      method: 'PATCH',
      path,
      query: { fieldManager: 'a-person' },
      type: 'application/merge-patch+json',
      body: { spec },
    })
    const pool = manifests.find(({ metadata }) => metadata.name === name)
    if (pool === undefined) throw new Error('no pool')
    for (const ask of [compareManifest, applyManifest]) {
      const answer = await ask(admin, pool)
      expect(answer.state).toBe('refused')
      expect(answer.detail.join()).toContain('a-person has set')
    }
  })

  it('over what is another installation’s writes nothing at all, and says whose it is and what to do', async () => {
    const config = {
      ...ownConfig(policy.installation),
      installation: 'second',
      namespaces: { training: 'second-training' },
    }
    const [pool] = Object.keys(policy.pools)
    const file = join(folder, 'second.json')
    writeFileSync(file, JSON.stringify(config))
    const path = `/apis/karpenter.sh/v1/nodepools/${pool}`
    // Its status is Karpenter's.
    const own = async () => {
      const { spec, metadata } = (await admin.send({ method: 'GET', path })).body as KubeObject<'NodePool'>
      return { spec, labels: metadata.labels }
    }
    const before = await own()
    const out: string[] = []
    const args = ['bootstrap', '--kubeconfig', inject('kubeconfig'), '--config', file]
    const output = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void out.push(text),
      json: false,
    }
    expect(await main([...args, '--apply'], output)).toBe(EXIT.failed)
    expect(out.join('\n')).toMatch(
      new RegExp(`REFUSED +NodePool +${pool} +it belongs to the installation ${policy.installation}: name another in`),
    )
    expect(await main([...args, '--diff'], output)).toBe(EXIT.failed)
    expect(await own()).toEqual(before)
    expect(await admin.send({ method: 'GET', path: '/api/v1/namespaces/second-training' })).toMatchObject({
      status: 404,
    })
    // As `kubectl apply` of what is printed would.
    const labels = { 'signalbox.dev/installation': 'second' }
    for (const at of [path, `/api/v1/namespaces/${namespace}`]) {
      const type = 'application/merge-patch+json'
      const answer = await admin.send({ method: 'PATCH', path: at, type, body: { metadata: { labels } } })
      expect(JSON.stringify(answer.body)).toContain('stays on what Signalbox owns')
    }
  })

  it('prints what the server warns of, which names the pods that stand and break the level; and says what to do about another', async () => {
    const [training, serving] = [`levels-${process.pid}`, `otherwise-${process.pid}`]
    const own = ownConfig(training, { namespaces: { training, serving } })
    const file = join(folder, 'levels.json')
    writeFileSync(file, JSON.stringify(own))
    const level = 'pod-security.kubernetes.io/enforce'
    const namespaces = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: training } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: serving, labels: { [level]: 'privileged' } } },
    ]
    for (const body of namespaces) await admin.send({ method: 'POST', path: '/api/v1/namespaces', body })
    const spec = { hostIPC: true, containers: [{ name: 'c', image: 'x' }] }
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs' }, spec }
    // Its account is made a moment after its namespace.
    const path = `/api/v1/namespaces/${training}/pods`
    for (let made = false; !made; ) made = (await admin.send({ method: 'POST', path, body })).status === 201
    const out: string[] = []
    const output = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void out.push(text),
      json: false,
    }
    const args = ['bootstrap', '--kubeconfig', inject('kubeconfig'), '--config', file]
    for (const flag of ['--diff', '--apply']) {
      out.length = 0
      expect(await main([...args, flag], output)).toBe(EXIT.failed)
      expect(out.join('\n')).toMatch(
        new RegExp(`Namespace +${training} .*the API server warns: existing pods in namespace .* violate`),
      )
      expect(out.join('\n')).toContain('the API server warns: theirs: host namespaces')
      expect(out.join('\n')).toMatch(
        new RegExp(
          `REFUSED +Namespace +${serving} .*\\${level}.* otherwise: .*\`kubectl label namespace NAME --overwrite`,
        ),
      )
    }
    await clear(admin, parsePolicy(own))
  })

  it('says nothing in its admission policies that the server finds no sense in', async () => {
    const names = manifests
      .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
      .map(({ metadata }) => metadata.name)
    for (const one of names) {
      const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${one}`
      let checked: { typeChecking?: object } | undefined
      while (checked?.typeChecking === undefined)
        checked = ((await admin.send({ method: 'GET', path })).body as { status?: object }).status
      expect(checked.typeChecking, one).toEqual({})
    }
  })

  it('brings up to date what the release before has put in force, and says what changes', async () => {
    const own = bootstrapManifests(ownPolicy(`upgraded-${process.pid}`), clusterDoors, NODE_CLASS)
    const ofMarks = own.filter(({ metadata }) => metadata.name.endsWith('-marks'))
    const [now, binding] = ofMarks as [Manifest & { spec: MarksSpec }, Manifest]
    const { matchConditions, matchConstraints, ...spec } = now.spec
    // As that release asked: of what is ours before and after, as it is changed, in three kinds.
    const resourceRules = matchConstraints.resourceRules
      .slice(0, 3)
      .map((rule) => ({ ...rule, operations: ['UPDATE'] }))
    const older = {
      ...now,
      // Nor did it say whose it is.
      metadata: { name: now.metadata.name },
      spec: {
        ...spec,
        matchConstraints: { ...matchConstraints, resourceRules },
        matchConditions: ['ours', 'marks'].map((name) => ({ name, expression: 'oldObject != null' })),
      },
    }
    for (const manifest of [older, binding])
      expect(await applyManifest(admin, manifest)).toMatchObject({ state: 'missing' })
    const { state, detail } = await compareManifest(admin, now)
    expect(state).toBe('changed')
    expect(detail.some((field) => field.startsWith('metadata.labels'))).toBe(true)
    expect(detail.some((field) => field.startsWith('spec.matchConditions'))).toBe(true)
    expect(detail.some((field) => field.startsWith('spec.matchConstraints.resourceRules'))).toBe(true)
    expect(await applyManifest(admin, now)).toMatchObject({ state: 'changed' })
    for (const manifest of ofMarks) expect(await compareManifest(admin, manifest)).toMatchObject({ state: 'same' })
    const there = await admin.send({ method: 'GET', path: manifestPath(now) })
    expect((there.body as { spec: MarksSpec }).spec.matchConditions).toEqual(matchConditions)
    for (const manifest of ofMarks) await admin.send({ method: 'DELETE', path: manifestPath(manifest) })
  })

  it('tells of what the release before called otherwise, until that is deleted as it says', async () => {
    const installation = `renamed-${process.pid}`
    const own = bootstrapManifests(ownPolicy(installation), clusterDoors, NODE_CLASS)
    const pods = own.filter(({ metadata }) => metadata.name === `signalbox-${installation}-pods-by-door`)
    expect(pods).toHaveLength(2)
    const name = `signalbox-${installation}-door-pods`
    const before = JSON.parse(JSON.stringify(pods).replaceAll(pods[0]?.metadata.name ?? '', name)) as Manifest[]
    for (const one of before)
      expect(await applyManifest(admin, { ...one, metadata: { name } })).toMatchObject({ state: 'missing' })
    expect(await leftBefore(admin, { installation: `${installation}-door` })).toEqual([])
    // The other installation that would call one of its own so does not write over it.
    const theirs = bootstrapManifests(ownPolicy(`${installation}-door`), clusterDoors, NODE_CLASS)
    const same = theirs.filter(({ kind, metadata }) => kind === pods[0]?.kind && metadata.name === name)
    expect(same).toHaveLength(1)
    for (const one of same) expect(await applyManifest(admin, one)).toMatchObject({ state: 'refused' })
    const [left] = await leftBefore(admin, { installation })
    expect(left).toMatchObject({ state: 'left', manifest: { metadata: { name } } })
    expect(left?.detail.join()).toContain(`delete validatingadmissionpolicybinding,validatingadmissionpolicy ${name}`)
    for (const one of before) await admin.send({ method: 'DELETE', path: manifestPath(one) })
    expect(await leftBefore(admin, { installation })).toEqual([])
  })

  it('what is not there yet is missing, and nothing is written by looking', async () => {
    const absent = bootstrapManifests(ownPolicy(`absent-${process.pid}`), clusterDoors, NODE_CLASS)
    for (const round of [1, 2])
      for (const manifest of absent)
        expect(await compareManifest(admin, manifest), String(round)).toMatchObject({ state: 'missing' })
  })
})
