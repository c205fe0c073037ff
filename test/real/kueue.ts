import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { JOB_UID_LABEL, type KubeObject } from '../../core/kube.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workloads.kueue.x-k8s.io'
const VERSION = 'v0.19.2'

/** Installs Kueue's own definition of its Workloads, out of its Go module; Kueue itself cannot be built here. */
export const installWorkloads = async (requests: Requests): Promise<void> => {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `sigs.k8s.io/kueue@${VERSION}`], {
    cwd: tmpdir(),
  })
  const { Dir } = JSON.parse(stdout) as { Dir: string }
  const body = readFileSync(join(Dir, 'config/components/crd/bases/kueue.x-k8s.io_workloads.yaml'), 'utf8')
  const query = { fieldManager: 'kueue', force: 'true' }
  const type = 'application/apply-patch+yaml'
  const { status, body: said } = await requests.send({ method: 'PATCH', path: CRD, query, body, type })
  expect([200, 201], JSON.stringify(said).slice(0, 500)).toContain(status)
  // It is served a moment after it is there.
  const served = async (): Promise<boolean> =>
    (await requests.send({ method: 'GET', path: workloadsIn('default') })).status === 200
  for (let tries = 0; tries < 2000 && !(await served()); tries++);
}

export const workloadsIn = (namespace: string): string =>
  `/apis/kueue.x-k8s.io/v1beta2/namespaces/${namespace}/workloads`

/** Makes a Job's Workload as Kueue does. */
export const makeWorkload = async (
  requests: Requests,
  { metadata }: KubeObject<'Job'>,
): Promise<KubeObject<'Workload'>> => {
  const { name, namespace = '', uid = '' } = metadata
  const container = { name: 'main', image: 'main', resources: { requests: { cpu: '1' } } }
  const { status, body } = await requests.send({
    method: 'POST',
    path: workloadsIn(namespace),
    query: { fieldManager: 'kueue' },
    body: {
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: {
        name: `job-${name}-abcde`,
        labels: { [JOB_UID_LABEL]: uid },
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true },
        ],
      },
      spec: {
        queueName: 'gpu',
        podSets: [{ name: 'main', count: 1, template: { spec: { containers: [container], restartPolicy: 'Never' } } }],
      },
    },
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return body as KubeObject<'Workload'>
}
