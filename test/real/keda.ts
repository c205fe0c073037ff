import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Requests } from '../../effects/cluster/requests.ts'

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh'
const VERSION = 'v2.21.0'

/** Installs KEDA's own definition of its ScaledObjects, out of its Go module; KEDA itself is played. */
export const installScaledObjects = async (requests: Requests): Promise<void> => {
  const { stdout } = await promisify(execFile)(
    'go',
    ['mod', 'download', '-json', `github.com/kedacore/keda/v2@${VERSION}`],
    {
      cwd: tmpdir(),
    },
  )
  const { Dir } = JSON.parse(stdout) as { Dir: string }
  const body = readFileSync(join(Dir, 'config/crd/bases/keda.sh_scaledobjects.yaml'), 'utf8')
  const query = { fieldManager: 'keda', force: 'true' }
  const type = 'application/apply-patch+yaml'
  const { status, body: said } = await requests.send({ method: 'PATCH', path: CRD, query, body, type })
  expect([200, 201], JSON.stringify(said).slice(0, 500)).toContain(status)
  // It is served a moment after it is there.
  const served = async (): Promise<boolean> =>
    (await requests.send({ method: 'GET', path: scaledObjectsIn('default') })).status === 200
  for (let tries = 0; tries < 2000 && !(await served()); tries++);
}

export const scaledObjectsIn = (namespace: string): string =>
  `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`
