import { expect, inject, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import type { FieldManager, KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { gateCheckJob } from '../../../core/workloads/gate-check.ts'
import { newest, PRESETS, presetOf } from '../../../core/workloads/presets.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { objectPath, pathOf } from '../../../effects/cluster/paths.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import type { Cluster } from '../../../flows/ports.ts'
import { readWritten } from '../../../local/policies/file-policies.ts'
import { playTour } from '../../../local/tour.ts'
import { exampleWith, trainInput } from '../../core/training-fixture.ts'
import { withDigests } from '../../journeys/life.ts'
import { openTown } from '../../journeys/town.ts'

/** Names of our own: other files on this rig furnish the example's namespaces and clear them away. */
const namespaces: Record<string, string> = {
  training: `objects-training-${process.pid}`,
  serving: `objects-serving-${process.pid}`,
}

interface Sent {
  object: KubeObject
  /** Null: it was created. */
  manager: FieldManager | null
}

/** The cluster, telling of what it is sent. */
const overheard = (cluster: Cluster, sent: Sent[]): Cluster =>
  new Proxy(cluster, {
    get:
      (target, name: keyof Cluster) =>
      (...given: [KubeObject, FieldManager?]) => {
        if (name === 'create' || name === 'apply') sent.push({ object: given[0], manager: given[1] ?? null })
        return (target[name] as (...given: unknown[]) => unknown).call(target, ...given)
      },
  })

/** Every object that the tour sends: fine-tuning, evaluation, gates, Deployments, Services, a walk back. */
const sentOnTheTour = async (): Promise<Sent[]> => {
  const sent: Sent[] = []
  const town = await openTown({ wrap: (ports) => ({ ...ports, cluster: overheard(ports.cluster, sent) }) })
  const until = (what: string, done: () => Promise<boolean>): Promise<void> => town.until(what, done)
  const chapters = await playTour(town.house, {
    say: () => undefined,
    until,
    answerAs: ['T0SIGNAL/U0APPROVER'],
    edit: null,
  })
  expect(chapters.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'failed: gate'])
  await town.close()
  return sent.map(({ object, manager }) => ({ object: moved(object), manager }))
}

/** A stage that signalbox-run goes before, from wherever that comes. */
const wrappedJobs = (): Sent[] => {
  const runner = { image: `acme/runner@sha256:${'ab'.repeat(32)}` }
  const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
  const config = exampleWith(['pipelines.support-chats.stages.0.runner', { inputs: ['dataset'] }])
  return [runner, { ...runner, sha256 }].map((from) => {
    const input = trainInput({ policy: parsePolicy({ ...config, runner: from }) })
    const [stage] = input.policy.pipelines['support-chats']!.stages
    const desired = { ...input.desired, pods: STAGE_REVISION }
    const job = stageJob({ ...input, desired, stage: stage!, preset: presetOf('fine-tune'), model: null, reads: {} })
    return { object: moved(job), manager: null }
  })
}

/** What each preset that needs signalbox-run makes of a stage. */
const presetJobs = (): Sent[] =>
  (Object.keys(PRESETS) as (keyof typeof PRESETS)[])
    .filter((use) => newest(use).needsRunner === true)
    .map((use) => {
      const config = exampleWith(
        ['runner', { image: `acme/runner@sha256:${'ab'.repeat(32)}` }],
        ['pipelines.support-chats.stages.0.use', use],
        ['pipelines.support-chats.stages.0.name', use],
        ['pipelines.support-chats.stages.0.runner', { inputs: ['dataset'] }],
        ['pipelines.support-chats.register', undefined],
        // Where a monitor leaves what it measures, which others do not read.
        ['services.support-llama.drift', { reports: { bucket: 'acme-datasets', prefix: 'monitors/' } }],
        ['pipelines.support-chats.stages.0.env', { REPORTS: 's3://acme-datasets/monitors/' }],
      )
      const input = trainInput({ policy: parsePolicy(config) })
      const [stage] = input.policy.pipelines['support-chats']!.stages
      const desired = { ...input.desired, pods: STAGE_REVISION }
      const job = stageJob({ ...input, desired, stage: stage!, preset: newest(use), model: null, reads: {} })
      return { object: moved(job), manager: null }
    })

/** What the Job is that the example brings as a file, on its two nodes. */
const broughtJob = async (): Promise<Sent> => {
  const file = new URL('../../../examples/bring-your-manifest.config.ts', import.meta.url).pathname
  const policy = parsePolicy(withDigests(await readWritten(file)))
  const [stage] = policy.pipelines['my-model']!.stages
  const input = trainInput()
  const desired = { ...input.desired, pods: STAGE_REVISION }
  const job = stageJob({ ...input, policy, desired, stage: stage!, preset: null, model: null, reads: {} })
  return { object: moved(job), manager: null }
}

/** The gate of a service that names no image for it. */
const probe = (): Sent => {
  const policy = parsePolicy(exampleWith(['runner', { image: `acme/runner@sha256:${'ab'.repeat(32)}` }]))
  const { image: _, ...gate } = policy.services['support-llama']!.gate
  const service = { ...policy.services['support-llama']!, gate: { ...gate, probe: { requests: 40 } } }
  const { identity, run } = trainInput({ policy })
  const desired = {
    kind: 'serve',
    model: 'm',
    version: '1',
    source: 's3://m/1/',
    runId: null,
    digest: 'd',
    requester: null,
  }
  const namespace = policy.namespaces.serving
  const given = { identity, run, service, engine: engineOf({}, service), namespace, stepName: 'gate', policy }
  return { object: moved(gateCheckJob({ ...given, desired: desired as ServeDesired })), manager: null }
}

const moved = (object: KubeObject): KubeObject =>
  ({
    ...object,
    metadata: { ...object.metadata, namespace: namespaces[object.metadata.namespace ?? ''] },
  }) as KubeObject

it('every object of the tour passes the strict validation of a real API server: no field that it does not know', async () => {
  const sent = [...(await sentOnTheTour()), ...wrappedJobs(), ...presetJobs(), await broughtJob(), probe()]
  expect(new Set(sent.map(({ object }) => object.kind))).toEqual(
    new Set(['Job', 'Deployment', 'Service', 'PodDisruptionBudget']),
  )
  expect(sent.length).toBeGreaterThan(10)
  // What pods are made of since their second revision is among it.
  for (const said of [
    'topologySpreadConstraints',
    'matchLabelKeys',
    'ephemeral-storage',
    '"timeoutSeconds":5',
    'signalbox-scratch',
    'RUNNER_SHA256_ARM64',
    'run-batch',
    'SIGNALBOX_QUESTIONS',
    'model-cache',
  ])
    expect(JSON.stringify(sent)).toContain(said)
  const requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  for (const name of Object.values(namespaces)) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    expect(await requests.send({ method: 'POST', path: '/api/v1/namespaces', body })).toMatchObject({ status: 201 })
  }
  const strict = { dryRun: 'All', fieldValidation: 'Strict' }
  for (const { object, manager } of sent) {
    const { kind, metadata } = object
    const ref = { kind, namespace: metadata.namespace ?? null, name: metadata.name }
    // An apply of the scale alone needs the Deployment that a dry run does not leave behind.
    if (kind === 'Deployment' && manager === 'signalbox-scale') continue
    const answer =
      manager === null
        ? await requests.send({ method: 'POST', path: pathOf(kind, ref.namespace), query: strict, body: object })
        : await requests.send({
            method: 'PATCH',
            path: objectPath(ref),
            query: { ...strict, fieldManager: manager },
            type: 'application/apply-patch+yaml',
            body: object,
          })
    expect(answer, `${kind} ${metadata.name}: ${JSON.stringify(answer.body).slice(0, 600)}`).toMatchObject({
      status: 201,
    })
  }
  const [first] = sent as [Sent]
  const unknown = { ...first.object, spec: { ...(first.object as KubeObject<'Job'>).spec, lunch: 1 } }
  const refused = await requests.send({
    method: 'POST',
    path: pathOf('Job', namespaces['training'] ?? ''),
    query: strict,
    body: unknown,
  })
  expect(refused.status).toBe(400)
  await requests.close()
})
