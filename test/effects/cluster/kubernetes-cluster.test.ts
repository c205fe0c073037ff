import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { refOf } from '../../../core/kube.ts'
import { type KubernetesCluster, openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'

const job = objectsIn('training').job('train')
const ref = refOf(job)

/** What the server answers to everything but a GET, and to a GET. */
let answers: { write: [number, object]; read: [number, object] }
let cluster: KubernetesCluster
let close: () => Promise<void>
let asked: string[]
beforeEach(async () => {
  asked = []
  const server = createServer(({ method, url: path = '' }, response) => {
    asked.push(path)
    const [status, body] = answers[method === 'GET' ? 'read' : 'write']
    response.writeHead(status).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const config = new KubeConfig()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'c', token: 't' })
  cluster = await openKubernetesCluster(config, { tries: 2, pause: async () => undefined })
  close = async () => {
    await cluster.close()
    server.closeAllConnections()
    server.close()
  }
})
afterEach(() => close())

const writes = {
  create: () => cluster.create(job),
  tryCreate: () => cluster.tryCreate(job),
  apply: () => cluster.apply(job, 'signalbox-workload'),
  patch: () => cluster.patch(ref, 'u', { spec: {} }),
  delete: () => cluster.delete(ref, 'u'),
}
const reads = {
  get: () => cluster.get(ref),
  list: () => cluster.list('Job'),
  watch: () => cluster.watch({}, () => undefined),
}
const calls = { ...writes, ...reads }
const answering = (status: number, message: string) => {
  const answer: [number, object] = [status, { kind: 'Status', message }]
  answers = { write: answer, read: answer }
}
const failed = (call: keyof typeof calls) =>
  calls[call]().then(
    () => null,
    (error: unknown) => error,
  )
const every = Object.keys(calls) as (keyof typeof calls)[]

describe('what the API server answers, by law 6', () => {
  it.each(every)('%s: 401 and 403 are not allowed now, in the server’s words', async (call) => {
    answering(401, 'Unauthorized')
    expect(await failed(call)).toBeInstanceOf(NotAllowed)
    const message = 'jobs.batch is forbidden: exceeded quota: gpus'
    answering(403, message)
    expect(await failed(call)).toBeInstanceOf(NotAllowed)
    expect(String(await failed(call))).toContain(message)
  })

  it.each(every)('%s: 429 and 5xx are unavailable, with what the server says', async (call) => {
    for (const status of [429, 500, 503]) {
      answering(status, 'failed calling webhook')
      const error = await failed(call)
      expect(error).toBeInstanceOf(Unavailable)
      expect(error).not.toBeInstanceOf(NotAllowed)
      expect(String(error)).toContain('failed calling webhook')
    }
  })

  it.each(['create', 'apply', 'patch'] as const)('%s: 400 and 422 are denied for good', async (call) => {
    for (const status of [400, 422]) {
      answering(status, 'Job.batch "train" is invalid')
      expect(await writes[call]()).toEqual({ kind: 'denied', status, message: 'Job.batch "train" is invalid' })
    }
  })

  it('delete: 400 and 422 are refused', async () => {
    answering(422, 'a policy denies it')
    expect(await failed('delete')).toEqual(new Refused('deleting Job train: a policy denies it'))
  })

  it.each(every)('%s: what no API server takes is our bug, and looks like none of the three', async (call) => {
    for (const status of [405, 413, 415]) {
      answering(status, 'no')
      expect(await failed(call)).toMatchObject({ name: 'Error', message: expect.stringContaining(`no (${status})`) })
    }
  })

  it('a kind that is not installed has no objects, and a watch of it begins', async () => {
    answering(404, 'the server could not find the requested resource')
    expect(await cluster.list('Job')).toEqual([])
    expect(await cluster.get(ref)).toBeNull()
    expect([await writes.patch(), await writes.delete()]).toEqual(['gone', 'gone'])
    const watching = await cluster.watch({}, () => undefined)
    watching.stop()
  })

  it('a list of which only some is kept comes page by page, and one that breaks off is none', async () => {
    const item = (name: string) => ({ metadata: { name } })
    const pages: [number, object][] = [
      [200, { items: [item('a'), item('b')], metadata: { continue: 'more' } }],
      [200, { items: [item('c')], metadata: { continue: '' } }],
      [200, { items: [item('a')], metadata: { continue: 'more' } }],
      [410, { kind: 'Status', message: 'the provided continue parameter is too old' }],
    ]
    answers = {
      write: [200, {}],
      get read() {
        return pages.shift() ?? [500, {}]
      },
    }
    asked.length = 0
    const keep = ({ metadata }: { metadata: { name: string } }) => metadata.name !== 'b'
    const kept = await cluster.list('Pod', { fresh: true, keep })
    expect(kept.map(({ metadata }) => metadata.name)).toEqual(['a', 'c'])
    expect(asked).toEqual(['/api/v1/pods?limit=500', '/api/v1/pods?limit=500&continue=more'])
    await expect(cluster.list('Pod', { fresh: true, keep })).rejects.toBeInstanceOf(Unavailable)
  })

  it('a log is never worth a failure', async () => {
    answering(403, 'pods/log is forbidden')
    expect(await cluster.logs(ref, 10)).toEqual([])
  })

  it('a log that is one line of JSON is that line', async () => {
    answers = { write: [500, {}], read: [200, { level: 'error', msg: 'KeyError' }] }
    expect(await cluster.logs(ref, 10)).toEqual(['{"level":"error","msg":"KeyError"}'])
  })

  it('a log is asked of the container that is named, and of before its last start', async () => {
    await cluster.logs(ref, 10)
    await cluster.logs(ref, 5, { container: 'server', previous: true })
    const queries = asked.map((path) => Object.fromEntries(new URL(path, 'http://server').searchParams))
    expect(queries).toEqual([{ tailLines: '10' }, { tailLines: '5', container: 'server', previous: 'true' }])
  })
})

describe('lists that several plans look at', () => {
  const timesAsked = (plural: string) => asked.filter((path) => path.includes(plural)).length
  const listed = (at: number) => {
    answers = { write: [500, {}], read: [200, { items: [{ metadata: { name: `n${at}` } }] }] }
  }
  afterEach(() => vi.restoreAllMocks())

  it('are asked for once at the same time; nodes and pools once in a quarter of a second, pods each time', async () => {
    let now = 1000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    listed(1)
    const kinds = ['Node', 'NodePool', 'Pod'] as const
    await Promise.all([...kinds, ...kinds].map((kind) => cluster.list(kind)))
    expect(asked).toHaveLength(3)
    listed(2)
    now += 249
    expect((await cluster.list('Node'))[0]?.metadata.name).toBe('n1')
    expect((await cluster.list('Pod'))[0]?.metadata.name).toBe('n2')
    expect((await cluster.list('Node', { fresh: true }))[0]?.metadata.name).toBe('n2')
    now += 1
    expect((await cluster.list('Node'))[0]?.metadata.name).toBe('n2')
    expect([timesAsked('/nodes'), timesAsked('/nodepools'), timesAsked('/pods')]).toEqual([3, 1, 2])
  })

  it('that fail are asked for again', async () => {
    answering(403, 'nodes is forbidden')
    await expect(cluster.list('Node')).rejects.toThrow('forbidden')
    listed(1)
    expect((await cluster.list('Node'))[0]?.metadata.name).toBe('n1')
  })
})

describe('a trial', () => {
  it('is a dry run of the POST; where a webhook takes none, nobody is refused by that', async () => {
    answers.write = [201, job]
    expect(await writes.tryCreate()).toEqual({ kind: 'created', object: job })
    expect(asked.at(-1)).toMatch(/\/jobs\?.*dryRun=All/)
    answering(400, 'admission webhook "theirs.example.com" does not support dry run')
    expect(await writes.tryCreate()).toEqual({ kind: 'created', object: job })
    answering(400, 'admission webhook "theirs.example.com" denied the request: no')
    expect(await writes.tryCreate()).toMatchObject({ kind: 'denied', status: 400 })
  })
})

describe('409', () => {
  it('of a name that is taken answers what is there; of one that is free again, look again', async () => {
    answers = { write: [409, { message: 'jobs.batch "train" already exists' }], read: [200, job] }
    expect(await writes.create()).toEqual({ kind: 'exists', object: job })
    answers.read = [404, {}]
    expect(await failed('create')).toBeInstanceOf(Unavailable)
  })

  it('of an apply is a conflict when the server names the manager, and otherwise passes', async () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "keda"', field: '.spec.replicas' }]
    answers = { write: [409, { details: { causes } }], read: [404, {}] }
    expect(await writes.apply()).toEqual({ kind: 'conflict', manager: 'keda', fields: ['.spec.replicas'] })
    answers.write = [409, { message: 'the object has been modified' }]
    expect(await failed('apply')).toBeInstanceOf(Unavailable)
    expect(await failed('patch')).toBeInstanceOf(Unavailable)
  })
})
