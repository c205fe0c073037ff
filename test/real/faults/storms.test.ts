import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import type { Rig } from '../../../local/rig/rig.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openProxy, seeded, type Trouble } from '../proxy.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'train/support-chats'

const upload = (town: RealTown, simulation?: Record<string, unknown>) =>
  uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/one/',
    rows: ['{"a":1}'],
    ...(simulation === undefined ? {} : { simulation }),
  })

const jobs = async ({ requests, policy }: RealTown): Promise<KubeObject<'Job'>[]> => {
  const path = `/apis/batch/v1/namespaces/${policy.namespaces.training}/jobs`
  return ((await requests.send({ method: 'GET', path })).body as { items: KubeObject<'Job'>[] }).items
}

const running = async (town: RealTown): Promise<KubeObject<'Job'>> => {
  await town.until('its Job runs', async () => (await jobs(town)).some(({ status }) => status?.ready === 1))
  return (await jobs(town))[0] as KubeObject<'Job'>
}

it('through a storm of 429, 503, lost answers and delays of 5 s a dataset gets where it should, with each Job once', async () => {
  const random = seeded(7)
  const target = loadKubeconfig({ file: inject('kubeconfig') }).getCurrentCluster()?.server ?? ''
  let left = 400
  let delays = 3
  const proxy = await openProxy(target, ({ url = '' }): Trouble => {
    if (url.includes('watch=')) return null
    if (--left < 0) return null
    const dice = random()
    if (dice < 0.15) return { answer: 429, retryAfter: 0 }
    if (dice < 0.3) return { answer: 503 }
    if (dice < 0.35) return { loseAnswer: true }
    return dice > 0.97 && --delays >= 0 ? { delay: 5000 } : null
  })
  const town = await openRealTown({ server: proxy.url })
  await upload(town)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await jobs(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  expect(proxy.counts['answer']).toBeGreaterThan(10)
  await town.close()
  proxy.close()
})

it('etcd stands still for 10 s in the middle: nothing hangs, nothing is done twice', async () => {
  const town = await openRealTown()
  await upload(town)
  await town.answered(LANE)
  const { programs } = JSON.parse(readFileSync(join(dirname(inject('kubeconfig')), 'rig.json'), 'utf8')) as Rig
  const etcd = programs.find(({ program }) => program === 'etcd')
  if (etcd === undefined) throw new Error('the rig has no etcd')
  process.kill(etcd.pid, 'SIGSTOP')
  await pause(10_000).finally(() => process.kill(etcd.pid, 'SIGCONT'))
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await jobs(town)).map(({ status }) => status?.succeeded)).toEqual([1, 1])
  await town.close()
})

it('a Job that a person deletes is told as that, and nothing of it stays', async () => {
  const town = await openRealTown({ minute: 60_000 })
  await upload(town)
  await town.answered(LANE)
  const { metadata } = await running(town)
  const path = `/apis/batch/v1/namespaces/${metadata.namespace}/jobs/${metadata.name}`
  await town.requests.send({ method: 'DELETE', path, query: { propagationPolicy: 'Background' } })
  expect((await town.settled(LANE)).state).toBe('failed')
  expect((await town.run(LANE))?.outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
  expect(await jobs(town)).toEqual([])
  await town.close()
})

it('a Job that fails tells why, and is not tried again unasked', async () => {
  const town = await openRealTown()
  await upload(town, { exitCode: 42 })
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('failed')
  expect((await town.run(LANE))?.outcome).toMatchObject({ kind: 'failed', reason: 'exit-code' })
  expect(await jobs(town)).toHaveLength(1)
  await town.close()
})

it('a quota that has no room for a Job is told in the server’s own words', async () => {
  const town = await openRealTown()
  const path = `/api/v1/namespaces/${town.policy.namespaces.training}/resourcequotas`
  const body = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none' },
    spec: { hard: { 'count/jobs.batch': '0' } },
  }
  await town.requests.send({ method: 'POST', path, body })
  await town.until('the quota is in force', async () => {
    const { body: found } = await town.requests.send({ method: 'GET', path: `${path}/none` })
    return (found as { status?: { hard?: object } }).status?.hard !== undefined
  })
  await upload(town)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('failed')
  expect(JSON.stringify((await town.run(LANE))?.outcome)).toContain('exceeded quota')
  await town.close()
})

it('a NodePool that is deleted while its Job waits for a node: the Job waits, and goes on when the pool is back', async () => {
  const town = await openRealTown()
  const pool = Object.keys(town.policy.pools)[0]
  const path = `/apis/karpenter.sh/v1/nodepools/${pool}`
  const { body } = await town.requests.send({ method: 'GET', path })
  await upload(town)
  await town.until('it asks', async () => (await town.run(LANE)) !== null)
  await town.answered(LANE)
  await town.until('its Job is there', async () => (await jobs(town)).length === 1)
  await town.requests.send({ method: 'DELETE', path })
  await pause(3000)
  const { apiVersion, kind, metadata, spec } = body as KubeObject<'NodePool'>
  await town.until('the pool may be made again', async () => {
    const again = { apiVersion, kind, metadata: { name: metadata.name }, spec }
    return (
      (await town.requests.send({ method: 'POST', path: '/apis/karpenter.sh/v1/nodepools', body: again })).status ===
      201
    )
  })
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await town.close()
})
