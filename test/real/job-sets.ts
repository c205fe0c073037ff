import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Requests } from '../../effects/cluster/requests.ts'

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/jobsets.jobset.x-k8s.io'
const VERSION = 'v0.12.0'

/** What a definition says of one value. */
export interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
}

/** Where its Go module lies. */
export const jobSetModule = async (): Promise<string> => {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `sigs.k8s.io/jobset@${VERSION}`], {
    cwd: tmpdir(),
  })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

/** Installs JobSet's own definition of its objects; returns what it says of their `spec`. */
export const installJobSets = async (requests: Requests): Promise<Schema> => {
  const body = readFileSync(
    join(await jobSetModule(), 'config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml'),
    'utf8',
  )
  const query = { fieldManager: 'jobset', force: 'true' }
  const type = 'application/apply-patch+yaml'
  const { status, body: said } = await requests.send({ method: 'PATCH', path: CRD, query, body, type })
  if (status !== 200 && status !== 201) throw new Error(JSON.stringify(said).slice(0, 500))
  // It is served a moment after it is there.
  const served = async (): Promise<boolean> =>
    (await requests.send({ method: 'GET', path: jobSetsIn('default') })).status === 200
  for (let tries = 0; tries < 2000 && !(await served()); tries++);
  const { spec } = said as { spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] } }
  const version = spec.versions.find(({ name }) => name === 'v1alpha2')
  return version?.schema.openAPIV3Schema.properties?.['spec'] ?? {}
}

export const jobSetsIn = (namespace: string): string => `/apis/jobset.x-k8s.io/v1alpha2/namespaces/${namespace}/jobsets`
