import { expect, inject, it } from 'vitest'
import { broughtBy } from '../../../core/policy/brought.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { readManifest } from '../../../local/policies/manifest-file.ts'
import { JOB_SET_KEYS } from '../../core/workloads/manifest/job-set-keys.ts'
import { installJobSets, jobSetsIn, type Schema } from '../job-sets.ts'

const FILE = new URL('../../../examples/manifests/job-set.yaml', import.meta.url).pathname

type Fields = Record<string, unknown>

const onServer = async (tried: (requests: Requests) => Promise<void>): Promise<void> => {
  const requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  try {
    await tried(requests)
  } finally {
    await requests.close()
  }
}

const create = (requests: Requests, body: Fields) =>
  requests.send({
    method: 'POST',
    path: jobSetsIn('default'),
    query: { dryRun: 'All', fieldValidation: 'Strict' },
    body,
  })

it('the example is a JobSet to JobSet’s own definition, every key of it', async () => {
  const read = await readManifest(FILE)
  const object = ('object' in read ? read.object : {}) as Fields
  await onServer(async (requests) => {
    await installJobSets(requests)
    expect(await create(requests, object)).toMatchObject({ status: 201 })
    const mistaken = { ...object, spec: { ...(object['spec'] as Fields), coordinatorr: {} } }
    expect(await create(requests, mistaken)).toMatchObject({ status: 400 })
  })
})

it('every key that its definition has is known, and what is said of it is its own', async () => {
  await onServer(async (requests) => {
    const spec = await installJobSets(requests)
    const keysOf = (schema: Schema | undefined): string[] => Object.keys(schema?.properties ?? {}).sort()
    expect(keysOf(spec)).toEqual(JOB_SET_KEYS.toSorted())
    const group = spec.properties?.['replicatedJobs']?.items
    const template = { spec: { template: { spec: { containers: [{ name: 'x', image: 'x' }] } } } }
    const said = (of: Fields, inGroup: Fields = {}): string[] => {
      const object = {
        apiVersion: 'jobset.x-k8s.io/v1alpha2',
        kind: 'JobSet',
        spec: { replicatedJobs: [{ name: 'workers', template, ...inGroup }], ...of },
      }
      const brought = broughtBy(object, { stage: 'train', pool: 'gpu-train', namespace: 'training' })
      return Array.isArray(brought) ? brought.map(({ message }) => message) : []
    }
    const unknown = /^it is one of (.*)$/
    const known = (messages: string[]): string[] =>
      messages.flatMap((one) => unknown.exec(one)?.[1]?.split(', ') ?? []).sort()
    expect(known(said({}, { noSuchKey: 1 }))).toEqual(keysOf(group))
    for (const key of ['network', 'coordinator', 'successPolicy', 'startupPolicy', 'failurePolicy'])
      expect(known(said({ [key]: { noSuchKey: 1 } })), key).toEqual(keysOf(spec.properties?.[key]))
  })
})
