import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import type { KubeObject } from '../../core/kube.ts'
import { broughtBy } from '../../core/policy/brought.ts'
import { loadKubeconfig } from '../../effects/cluster/kubeconfig.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { readManifest } from '../../local/policies/manifest-file.ts'
import { cacheDir } from '../../local/rig/cache.ts'
import { freePorts } from '../../local/rig/processes.ts'
import { type Rig, rigDown, rigUp } from '../../local/rig/rig.ts'
import { lane } from '../../scripts/lane.ts'
import { installJobSets, jobSetModule, jobSetsIn } from './job-sets.ts'

const FILE = new URL('../../examples/manifests/job-set.yaml', import.meta.url).pathname
const KEYS = 'jobset.sigs.k8s.io/'
const run = promisify(execFile)

/*
 * Run by hand, `node test/real/job-set-controller.ts`: what JobSet's own controller tells its pods is compared with what is told here. It is no part of a lane, since
 * building that controller takes many minutes the first time.
 */

/** JobSet's own controller with its webhooks, on a rig; built of its module, which takes minutes the first time. */
const startController = async (rig: Rig, requests: Requests): Promise<ChildProcess> => {
  const module = await jobSetModule()
  const program = join(cacheDir, 'jobset-controller')
  await run('go', ['build', '-mod=readonly', '-o', program, '.'], { cwd: module, maxBuffer: 1e8 })
  const certDir = join(rig.dir, 'jobset')
  mkdirSync(certDir)
  const files = ['-keyout', join(certDir, 'tls.key'), '-out', join(certDir, 'tls.crt')]
  const subject = ['-subj', '/CN=jobset', '-addext', 'subjectAltName=IP:127.0.0.1']
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject])
  const [port = 0, health = 0] = await freePorts(2)
  const config = {
    apiVersion: 'config.jobset.x-k8s.io/v1alpha1',
    kind: 'Configuration',
    internalCertManagement: { enable: false },
    leaderElection: { leaderElect: false },
    webhook: { host: '127.0.0.1', port, certDir },
    metrics: { bindAddress: '0' },
    health: { healthProbeBindAddress: `127.0.0.1:${health}` },
  }
  writeFileSync(join(certDir, 'config.json'), JSON.stringify(config))
  const log = openSync(join(rig.dir, 'logs', 'jobset.log'), 'a')
  const env = { PATH: '/usr/bin:/bin', HOME: rig.dir, KUBECONFIG: rig.kubeconfig }
  const args = ['--config', join(certDir, 'config.json')]
  const child = spawn(program, args, { stdio: ['ignore', log, log], env })
  await webhooks(requests, port, readFileSync(join(certDir, 'tls.crt')).toString('base64'))
  return child
}

/** What its installation has the API server ask before a JobSet is made. */
const webhooks = async (requests: Requests, port: number, caBundle: string): Promise<void> => {
  for (const [kind, verb] of [
    ['MutatingWebhookConfiguration', 'mutate'],
    ['ValidatingWebhookConfiguration', 'validate'],
  ] as const) {
    const url = `https://127.0.0.1:${port}/${verb}-jobset-x-k8s-io-v1alpha2-jobset`
    const rules = [
      { apiGroups: ['jobset.x-k8s.io'], apiVersions: ['v1alpha2'], operations: ['CREATE'], resources: ['jobsets'] },
    ]
    const webhook = { name: `${verb}.jobset.test`, clientConfig: { url, caBundle }, rules }
    const body = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name: `jobset-${verb}` },
      webhooks: [{ ...webhook, admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail' }],
    }
    const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`
    const { status, body: said } = await requests.send({ method: 'POST', path, body })
    if (status !== 201) throw new Error(JSON.stringify(said))
  }
}

/** Asks again until there is an answer. */
const until = async <T>(what: string, ask: () => Promise<T | null>): Promise<T> => {
  for (let tries = 0; tries < 300; tries++) {
    const found = await ask()
    if (found !== null) return found
    await pause(200)
  }
  throw new Error(`${what}: not within a minute`)
}

const podsOf = (requests: Requests) =>
  until('both pods are made', async () => {
    const { body } = await requests.send({ method: 'GET', path: '/api/v1/namespaces/training/pods' })
    const { items } = body as { items: KubeObject<'Pod'>[] }
    return items.length === 2 ? items : null
  })

/** What each of the keys that a pod has by its controller is here, told by a file that reads all of them; null: it is refused. */
const toldOf = (object: Record<string, unknown>, keys: readonly string[]): Map<string, string | null> => {
  const told = new Map<string, string | null>()
  for (const key of keys) {
    const copy = structuredClone(object) as { spec: { replicatedJobs: { template: { spec: unknown } }[] } }
    const job = copy.spec.replicatedJobs[0]!.template as { spec: KubeObject<'Job'>['spec'] }
    const fieldPath = `metadata.labels['${key}']`
    job.spec!.template.spec!.containers[0]!.env = [{ name: 'IT', valueFrom: { fieldRef: { fieldPath } } }]
    const brought = broughtBy(copy, { stage: 'train', pool: 'gpu-train', namespace: 'training' })
    const containers = Array.isArray(brought) ? [] : (brought.pod['containers'] as { env: { value: string }[] }[])
    told.set(key, containers[0]?.env[0]?.value ?? null)
  }
  return told
}

await lane(async (check) => {
  const rig = await rigUp({ name: `job-set-${process.pid}`, cacheDir, owner: process.pid, namespaces: ['training'] })
  const requests = await openRequests(loadKubeconfig({ file: rig.kubeconfig }))
  let controller: ChildProcess | undefined
  try {
    await installJobSets(requests)
    controller = await startController(rig, requests)
    await check('what JobSet’s own controller tells the pods of the example is what is told here', async () => {
      const read = await readManifest(FILE)
      const object = ('object' in read ? read.object : {}) as Record<string, unknown>
      await until('the JobSet is made', async () => {
        const { status } = await requests.send({ method: 'POST', path: jobSetsIn('training'), body: object })
        return status === 201 ? true : null
      })
      const pods = await podsOf(requests)
      const names = pods.map(({ spec }) => `${spec?.hostname}.${spec?.subdomain}`).sort()
      if (!isDeepStrictEqual(names, ['train-workers-0-0.train', 'train-workers-0-1.train']))
        throw new Error(`its pods are ${names.join()}`)
      for (const { metadata } of pods) {
        const labels = Object.entries(metadata.labels ?? {}).filter(([key]) => key.startsWith(KEYS))
        const told = toldOf(
          object,
          labels.map(([key]) => key),
        )
        for (const [key, value] of labels) {
          const here = told.get(key) ?? null
          const same = here === '$(JOB_NAME)-0.$(JOB_NAME)' ? 'train-workers-0-0.train' : here
          const isRefused = ['jobset-name', 'jobset-uid', 'job-key'].includes(key.slice(KEYS.length))
          console.log(`  ${key}: ${value}, here ${here ?? 'refused'}`)
          if (same !== (isRefused ? null : value)) throw new Error(`${key} is ${value} there, and ${here} here`)
        }
      }
    })
  } finally {
    controller?.kill()
    await requests.close()
    await rigDown(rig)
  }
})
