import { shown } from '../../policy/shown.ts'
import { isRecord } from '../../record.ts'
import type { BroughtJob, ManifestAdapter, ManifestWrong } from './adapter.ts'
import { podsOf } from './job.ts'
import { type Group, toldAsHere } from './job-set-names.ts'

type Fields = Readonly<Record<string, unknown>>
type Place = ManifestWrong['path']
/** Why a value does not go; null: it does. */
type Judge = (value: unknown) => string | null

const RESTARTS =
  'a pod is never started again by itself, every other try is an attempt of all of them, planned and priced: leave it out'
const ONE = 'it is one Job, whose pods are at work together: write 1, and how many pods in its template'
const LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const is =
  (...values: readonly unknown[]): ((message: string) => Judge) =>
  (message) =>
  (value) =>
    values.includes(value) ? null : message
const isLabel: Judge = (value) =>
  typeof value === 'string' && LABEL.test(value) ? null : 'write a name of lower-case letters, digits and `-`'
const isCount: Judge = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? null : 'write a whole number, 0 or more'

/** What of a JobSet's spec says how its one Job runs: each key, with what it may say. */
const rulesOf = (job: unknown): Readonly<Record<string, Readonly<Record<string, Judge>>>> => {
  const own = is(job)(`its one Job is ${shown(job)}: write that`)
  const targets: Judge = (value) =>
    Array.isArray(value) && value.every((one) => one === job) ? null : `its one Job is ${shown(job)}: leave it out`
  return {
    network: {
      enableDNSHostnames: is(true)('its pods find each other by their names: leave it out'),
      publishNotReadyAddresses: is(true)('its pods find each other before they are ready: leave it out'),
      subdomain: isLabel,
    },
    coordinator: {
      replicatedJob: own,
      jobIndex: is(0)('it has one Job: write 0, or leave it out'),
      podIndex: isCount,
    },
    successPolicy: { operator: is('All', 'Any')('write All, or leave it out'), targetReplicatedJobs: targets },
    startupPolicy: { startupPolicyOrder: is('AnyOrder', 'InOrder')('it has one Job: leave it out') },
    failurePolicy: {
      maxRestarts: is(0)(`${RESTARTS}, or write 0`),
      restartStrategy: is('Recreate', 'BlockingRecreate')(RESTARTS),
      rules: (value) => (Array.isArray(value) && value.length === 0 ? null : RESTARTS),
    },
  }
}

const wrongsIn = (value: unknown, path: Place, rules: Readonly<Record<string, Judge>>): ManifestWrong[] => {
  if (value === undefined) return []
  if (!isRecord(value)) return [{ path, message: 'write a map, { … }' }]
  return Object.entries(value).flatMap(([key, one]) => {
    const judge = Object.hasOwn(rules, key) ? rules[key] : undefined
    const why = judge === undefined ? `it is one of ${Object.keys(rules).join(', ')}` : judge(one)
    return why === null ? [] : [{ path: [...path, key], message: why }]
  })
}

const ofGroup: Readonly<Record<string, Judge>> = {
  name: isLabel,
  groupName: isLabel,
  replicas: is(1)(ONE),
  template: () => null,
  dependsOn: (value) =>
    Array.isArray(value) && value.length === 0
      ? null
      : 'what goes before is a stage of its own before it: leave it out',
}

/** The one group of pods that it has, or why a stage cannot be what it is. */
const groupOf = (jobs: unknown): Fields | ManifestWrong[] => {
  const path = ['spec', 'replicatedJobs']
  if (!Array.isArray(jobs) || jobs.length === 0) return [{ path, message: 'is missing: it says which pods run' }]
  const [job] = jobs
  if (jobs.length > 1)
    return [
      {
        path,
        message: `it has ${jobs.length} groups of pods, and a stage has one, whose pods are alike: what goes before is a stage before it, and what one pod does beside the others is done by the first of them, whose NODE_RANK is 0`,
      },
    ]
  return isRecord(job) ? job : [{ path: [...path, 0], message: 'write a map, { … }' }]
}

/** JobSet's controller makes a Job an Indexed one unless told; of one pod that says nothing. */
const settled = (spec: Fields): Fields => {
  const { completionMode = 'Indexed', ...rest } = spec
  const { completions = 1, parallelism = 1 } = rest
  return completions === 1 && parallelism === 1 && completionMode === 'Indexed' ? rest : { ...rest, completionMode }
}

const jobOf = (object: Fields, stage: string): BroughtJob | ManifestWrong[] => {
  const spec = isRecord(object['spec']) ? object['spec'] : {}
  const group = groupOf(spec['replicatedJobs'])
  if (Array.isArray(group)) return group
  const { name, template } = group as Fields
  const place = ['spec', 'replicatedJobs', 0]
  const missing = name === undefined ? [{ path: [...place, 'name'], message: 'is missing' }] : []
  const wrongs = [
    ...missing,
    ...wrongsIn(group, place, ofGroup),
    ...Object.entries(rulesOf(name)).flatMap(([key, rules]) => wrongsIn(spec[key], ['spec', key], rules)),
    ...(spec['suspend'] === undefined || spec['suspend'] === false
      ? []
      : [{ path: ['spec', 'suspend'], message: 'whoever lends its pool lets it go: leave it out' }]),
  ]
  const at = [...place, 'template']
  if (!isRecord(template) || !isRecord(template['spec']))
    return [...wrongs, { path: [...at, 'spec'], message: 'is missing: it says which Job runs' }]
  wrongs.push(...wrongsIn(template, at, { metadata: () => null, spec: () => null }))
  if (wrongs.length > 0) return wrongs
  const job = settled(template['spec'])
  const pods = podsOf(job)
  const told = toldAsHere(job, named(object, group as Fields, Array.isArray(pods) ? 1 : pods), stage)
  if (told.wrongs.length > 0)
    return told.wrongs.map(({ path, message }) => ({ path: [...at, 'spec', ...path], message }))
  return { at, metadata: template['metadata'], spec: told.spec }
}

const named = ({ metadata, spec }: Fields, { name, groupName = 'default' }: Fields, pods: number): Group => {
  const { network, coordinator } = spec as Fields
  const called = isRecord(metadata) && isLabel(metadata['name']) === null ? String(metadata['name']) : null
  const subdomain = isRecord(network) ? network['subdomain'] : undefined
  return {
    set: called,
    job: String(name),
    group: String(groupName),
    subdomain: subdomain === undefined ? called : String(subdomain),
    pods,
    coordinator: isRecord(coordinator) ? Number(coordinator['podIndex'] ?? 0) : null,
  }
}

/**
 * JobSet's, of one group of pods: that is one Indexed Job, a headless Service and restarts of all at once. A stage on several nodes has the first two and its
 * attempts are the third, so it is that Job. What its controller would tell its pods is told here, or refused.
 */
export const jobSet: ManifestAdapter = {
  apiVersion: 'jobset.x-k8s.io/v1alpha2',
  kind: 'JobSet',
  keys: [...['replicatedJobs', 'network', 'coordinator', 'successPolicy', 'startupPolicy', 'failurePolicy', 'suspend']],
  never: {
    managedBy: 'who runs it is ours: leave it out',
    ttlSecondsAfterFinished: 'it goes once its outcome is kept: leave it out',
    volumeClaimPolicies:
      'a claim that comes and goes with it is priced by nobody, one that is there is named in `volumes`: leave it out',
  },
  jobOf,
}
