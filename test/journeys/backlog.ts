import { setImmediate } from 'node:timers/promises'
import type { KubeObject } from '../../core/kube.ts'
import { type Config, parsePolicy } from '../../core/policy.ts'
import { isAnythingInFlight } from '../../flows/lanes.ts'
import { answerTo, leaveCommand } from '../../flows/letters.ts'
import { type ObjectHead, type Ports, Unavailable } from '../../flows/ports.ts'
import { door as datasetUploaded } from '../../functions/dataset-uploaded.ts'
import { door as reconcile } from '../../functions/reconcile.ts'
import { door as resync } from '../../functions/resync.ts'
import { door as tick } from '../../functions/tick.ts'
import { door as watch } from '../../functions/watch.ts'
import type { VirtualClock } from '../../local/clock.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { openTown } from './town.ts'

/**
 * Many lanes behind the work queue as AWS has it: groups in the order in which they were woken, one consumer a group, 20 at once,
 * 2 s for a lane that goes on and 0.2 s for what must be told, which is what the tick reckons with. Time is virtual.
 */

const SIDE_BY_SIDE = 20
const [LASTS, TELLS, HANDOVER] = [2_000, 200, 90_000]
/** SQS knows an id for so long. */
const KNOWN_FOR = 5 * 60_000
const MINUTE = 60_000

/** One wake that the queue took. */
export interface Woken {
  at: number
  group: string
  id: string
}

/** What people and far sides do to the lanes, and what is seen of them. */
export interface Backlog {
  ports: Ports
  clock: VirtualClock
  /** Every wake that the queue took since it was emptied. */
  wakes: Woken[]
  /** Times at which the cluster was asked and did not answer. */
  asked: number[]
  /** These do not answer; of the queue, wakes are lost. */
  away: Set<keyof Ports>
  /** Messages that nobody is done with yet. */
  waiting(): number
  /** A dataset's manifest was written: its door hears of it. */
  upload(lane: number): Promise<void>
  /** A person's cancel: how long until it was answered and had its effect, by looking ten times a second. Milliseconds. */
  cancel(lane: string): Promise<{ after: number; became: string }>
  /** What its schedule does each five minutes, now. */
  resync(): Promise<{ letters: number; woken: number }>
  /** From now on each Job of this stage has ended, and its result lies there. */
  ended: { stage: string | null }
  /** Goes on in time until this holds, looked at each second; throws when it does not within so many minutes. */
  until(what: string, done: () => boolean | Promise<boolean>, minutes: number): Promise<void>
  close(): Promise<void>
}

export const laneOf = (n: number): string => `pipeline/d-${String(n).padStart(5, '0')}`
const datasetOf = (n: number): string => `d-${String(n).padStart(5, '0')}`

/** So many datasets, room for all of them, and nobody to ask. */
const configOf = (lanes: number): Config => {
  const names = Array.from({ length: lanes }, (_, n) => datasetOf(n))
  return {
    ...example,
    budget: { name: 'all', dollars: 1e12 },
    pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 800_000 } as never },
    approvals: { ...example.approvals, autoApproveBelow: 1e12 },
    pipelines: Object.fromEntries(names.map((name) => [name, piped({ prefix: `${name}/` })])),
    services: {},
  }
}

/** A manifest that names one object beside it. */
const manifestAt = (key: string): Buffer =>
  Buffer.from(JSON.stringify({ version: 1, objects: [{ key: key.replace(/[^/]*$/, 'x'), size: 1 }] }))

/** Buckets in which each manifest is there: what lies in them is nobody's question here. */
const buckets = (clock: VirtualClock): Ports['objects'] => {
  const headOf = (size: number): ObjectHead => ({ size, versionId: null, lastModified: 1, etag: 'e', sha256: null })
  return {
    head: async () => headOf(1),
    read: async (_bucket, key) => {
      const isResult = key.endsWith('/result.json')
      const bytes = isResult ? resultAt(key) : manifestAt(key)
      // What a Job has written is not older than the Job.
      return { head: { ...headOf(bytes.length), ...(isResult ? { lastModified: clock.now() } : {}) }, bytes }
    },
    stream: async (_bucket, key) => ({
      head: headOf(manifestAt(key).length),
      pieces: (async function* () {
        yield manifestAt(key)
      })(),
    }),
    // One pod of each Job has written, one file beside its result.
    list: async (_bucket, prefix, after) => {
      const file = prefix.endsWith('-') ? 'aaaaa/result.json' : '/weights'
      return (after ?? '') < `${prefix}${file}` ? [{ key: `${prefix}${file}`, head: headOf(1) }] : []
    },
  }
}

/** What a training says that it made. */
const resultAt = (key: string): Buffer => {
  const folder = key.slice(0, key.lastIndexOf('/'))
  const artifacts = { model: `s3://${example.results.bucket}/${folder}/model` }
  return Buffer.from(
    JSON.stringify({
      object: folder.split('/').at(-1)?.slice(0, -'-aaaaa'.length),
      metrics: { train_loss: 1 },
      artifacts,
    }),
  )
}

/** The cluster, whose Jobs of one stage have all ended. */
const ending = (cluster: Ports['cluster'], ended: Backlog['ended']): Ports['cluster'] => {
  const seen = <T>(object: T): T => {
    const { kind, metadata, ...more } = object as KubeObject
    if (kind !== 'Job' || ended.stage === null || !metadata.name.endsWith(`-${ended.stage}`)) return object
    return {
      ...more,
      kind,
      metadata,
      status: { conditions: [{ type: 'Complete', status: 'True' }], succeeded: 1 },
    } as T
  }
  return new Proxy(cluster, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as (...values: unknown[]) => unknown
      if (name === 'get') return async (...values: unknown[]) => seen(await member.apply(target, values))
      if (name === 'list')
        return async (...values: unknown[]) => ((await member.apply(target, values)) as unknown[]).map(seen)
      return member.bind(target)
    },
  })
}

const event = (n: number) => ({
  version: '0',
  id: datasetOf(n),
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-23T12:00:00Z',
  detail: { bucket: { name: 'acme-datasets' }, object: { key: `${datasetOf(n)}/manifest.json`, size: 9 } },
})

/** A port that does not answer while it is away. */
const failing = <P extends object>(port: P, isAway: () => boolean): P =>
  new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...values: unknown[]): unknown => {
        if (isAway()) return Promise.reject(new Unavailable('503'))
        return member.apply(target, values)
      }
    },
  })

/** SQS FIFO: ids that it knows, groups of which one is worked on, the first that is free. */
const openLine = (clock: VirtualClock) => {
  const [known, busy] = [new Map<string, number>(), new Set<string>()]
  const line: { group: string }[] = []
  return {
    send: (group: string, id: string): boolean => {
      const before = known.get(`${group} ${id}`)
      if (before !== undefined && clock.now() < before + KNOWN_FOR) return false
      known.set(`${group} ${id}`, clock.now())
      line.push({ group })
      return true
    },
    take: (): string | null => {
      if (busy.size >= SIDE_BY_SIDE) return null
      const index = line.findIndex(({ group }) => !busy.has(group))
      const [taken] = index === -1 ? [] : line.splice(index, 1)
      if (taken !== undefined) busy.add(taken.group)
      return taken?.group ?? null
    },
    done: (group: string): void => void busy.delete(group),
    waiting: (): number => line.length + busy.size,
  }
}

export const openBacklog = async (lanes: number): Promise<Backlog> => {
  const [wakes, asked, away]: [Woken[], number[], Backlog['away']] = [[], [], new Set()]
  const ended: Backlog['ended'] = { stage: null }
  let ports = null as unknown as Ports
  let line = null as unknown as ReturnType<typeof openLine>
  const wrap = (given: Ports): Ports => {
    const clock = given.clock as VirtualClock
    line = openLine(clock)
    const wake = async (group: string, id: string): Promise<void> => {
      if (away.has('queue')) throw new Unavailable('SQS does not answer')
      if (line.send(group, id)) wakes.push({ at: clock.now(), group, id })
    }
    const isAsked = (): boolean => {
      if (away.has('cluster')) asked.push(clock.now())
      return away.has('cluster')
    }
    const policies = { load: async () => parsed }
    ports = {
      ...given,
      policies,
      objects: buckets(clock),
      cluster: failing(ending(given.cluster, ended), isAsked),
      ledger: failing(given.ledger, () => away.has('ledger')),
      queue: { wake },
    }
    // The house's own watch hears nothing: the door's watches here.
    return { ...ports, cluster: deaf(ports.cluster) }
  }
  const parsed = parsePolicy(configOf(lanes))
  const town = await openTown({ config: configOf(1), wrap })
  const clock = town.house.clock as VirtualClock
  const timers = openTimers(clock)

  /** Lambda's poller: whoever is free takes the next, and what it does is seen at its end. */
  const poll = (): void => {
    for (let group = line.take(); group !== null; group = line.take()) {
      const taken = group
      timers.at(clock.now() + (taken.startsWith('out/') ? TELLS : LASTS), async () => {
        await reconcile.handler(ports)({ group: taken, handover: HANDOVER })
        line.done(taken)
      })
    }
  }
  const every = (ms: number, work: () => Promise<unknown>): void => {
    const again = async (): Promise<void> => {
      timers.at(clock.now() + ms, again)
      // A schedule that fails comes again.
      await work().catch(() => undefined)
    }
    timers.at(clock.now() + ms, again)
  }
  every(MINUTE, () => tick.handler(ports)({}))
  every(MINUTE, async () => {
    if (!(await isAnythingInFlight(ports.ledger))) return
    const pause = (ms: number) => new Promise<void>((resolve) => timers.at(clock.now() + ms, async () => resolve()))
    const until = clock.now() + MINUTE - 2_500
    void watch
      .handler(ports)({ until, pause, onError: () => undefined })
      .catch(() => undefined)
  })

  const turn = async (): Promise<void> => {
    poll()
    await timers.next()
    // What was begun and not waited for asks nothing outside of this process.
    await setImmediate()
  }
  const until: Backlog['until'] = async (what, done, minutes) => {
    const end = clock.now() + minutes * MINUTE
    for (let looked = Number.NEGATIVE_INFINITY; ; ) {
      if (clock.now() >= looked + 1000) {
        if (await done()) return
        looked = clock.now()
        timers.at(looked + 1000, async () => undefined)
      }
      if (clock.now() >= end) throw new Error(`not within ${minutes} minutes: ${what}`)
      await turn()
    }
  }
  return {
    ports,
    clock,
    wakes,
    asked,
    away,
    ended,
    waiting: () => line.waiting(),
    upload: async (n) => void (await datasetUploaded.handler(ports)(event(n))),
    cancel: async (lane) => {
      const said = clock.now()
      // Whatever is there: a lane that nobody has looked at yet shows nothing.
      const command = { kind: 'cancel', lane, by: 'ana', saw: null, from: null, wanted: false } as const
      const left = await leaveCommand(ports, command, `c${said}`)
      let became = ''
      await until(
        `${lane} answers`,
        async () => {
          became = (await answerTo(ports, left))?.became ?? ''
          return became !== ''
        },
        60,
      )
      return { after: clock.now() - said, became }
    },
    resync: () => resync.handler(ports)({}),
    until,
    close: () => town.close(),
  }
}

const deaf = (cluster: Ports['cluster']): Ports['cluster'] =>
  new Proxy(cluster, {
    get: (target, name) =>
      name === 'watch' ? async () => ({ stop: () => undefined }) : (Reflect.get(target, name) as unknown),
  })

const openTimers = (clock: VirtualClock) => {
  const timers: { at: number; go: () => Promise<void> }[] = []
  return {
    at: (at: number, go: () => Promise<void>): void => void timers.push({ at, go }),
    /** Goes on to the earliest, of several to the one that was set first. */
    next: async (): Promise<void> => {
      let index = 0
      for (const [n, { at }] of timers.entries()) if (at < (timers[index]?.at ?? 0)) index = n
      const [timer] = timers.splice(index, 1)
      clock.set(Math.max(clock.now(), timer?.at ?? 0))
      await timer?.go()
    },
  }
}
