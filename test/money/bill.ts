/**
 * An account of EC2 as it really bills, and what a cluster shows of it. It imports nothing of the product: whoever meters reads the
 * objects, and is compared with the bill.
 */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What EC2 sells here: dollars an hour on demand, and seconds from the launch until it runs. */
const TYPES = {
  'p5.48xlarge': { gpus: 8, hour: 55.04, pending: [40, 180] },
  'g6e.12xlarge': { gpus: 4, hour: 10.49264, pending: [15, 60] },
  'g5.xlarge': { gpus: 1, hour: 1.006, pending: [10, 30] },
} as const
type TypeName = keyof typeof TYPES

/** Pools of the cluster: how their nodes are bought, how many start in a day, and how long they live. */
const POOLS: Record<string, { type: TypeName; buys: string[]; aDay: number; hours: [number, number] }> = {
  'gpu-train': { type: 'p5.48xlarge', buys: ['on-demand', 'spot'], aDay: 6, hours: [0.5, 20] },
  'gpu-serve': { type: 'g6e.12xlarge', buys: ['reserved', 'on-demand'], aDay: 2, hours: [2, 90] },
  'gpu-small': { type: 'g5.xlarge', buys: ['spot', 'on-demand'], aDay: 14, hours: [0.1, 6] },
}

/** A reservation of capacity: paid from then until then, whether it is used or not. */
interface Reservation {
  type: TypeName
  count: number
  from: number
  to: number
}

interface Pod {
  uid: string
  namespace: string
  lane: string | null
  installation: string
  ledger: string
  gpus: number
  from: number
  to: number
  /** When its object is gone. */
  gone: number
}

interface Instance {
  id: string
  pool: string
  type: TypeName
  zone: string
  launched: number
  running: number
  /** From `shutting-down` on nothing is billed. */
  stopped: number
  /** When its objects are gone from the cluster. */
  gone: number
  buys: { from: number; capacityType: string }[]
  /** Taken by EC2: free in its first hour, and nobody told it to terminate. */
  interrupted: boolean
  /** Karpenter's answer was lost: the cluster never shows it. */
  leaked: boolean
  pods: Pod[]
}

type Random = () => number

/** Mulberry32. */
const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const between = (random: Random, [from, to]: readonly [number, number]): number => from + random() * (to - from)
const wire = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

type Once = (key: string, make: () => object) => object

/** Objects are made once for as long as they say the same. */
const onceOf = (): Once => {
  const made = new Map<string, object>()
  return (key, make) => {
    const known = made.get(key) ?? make()
    made.set(key, known)
    return known
  }
}
const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')

export interface AccountOptions {
  seed: number
  from: number
  days: number
  /** Of the two installations of the cluster, the one whose ledger meters. */
  installation: string
  ledger: string
}

/** The same from one seed, to the byte. */
export const openAccount = ({ seed, from, days, installation, ledger }: AccountOptions) => {
  const random = randomOf(seed)
  const once = onceOf()
  const to = from + days * DAY
  const spot = spotPrices(random, from, to)
  const reservation: Reservation = {
    type: 'g6e.12xlarge',
    count: 3,
    from: from + between(random, [0, 2 * DAY]),
    to: from + between(random, [18 * DAY, 25 * DAY]),
  }
  const instances = Object.keys(POOLS).flatMap((pool) =>
    launches(random, { pool, from, to, reservation, whose: { installation, ledger } }),
  )
  const hourAt = (instance: Instance, capacityType: string, at: number): number =>
    capacityType === 'reserved' ? 0 : capacityType === 'spot' ? spot(instance.type, at) : TYPES[instance.type].hour
  return {
    /** What the cluster shows at a time, as its API server has it. */
    objectsAt: (at: number) => {
      const there = instances.filter((one) => !one.leaked && one.launched <= at && at < one.gone)
      return {
        NodeClaim: [...there.flatMap((one) => claimOf(once, one, at)), ...refusedLaunches(at)],
        Node: there.flatMap((one) => nodeOf(once, one, at)),
        Pod: there.flatMap((one) =>
          one.pods.filter((pod) => pod.from <= at && at < pod.gone).map((pod) => podOf(once, one, pod, at)),
        ),
      }
    },
    /** What an hour of a spot instance costs at a time. */
    spotHour: (type: string, at: number): number => spot(type as TypeName, at),
    onDemandHour: (type: string): number => TYPES[type as TypeName].hour,
    /** Dollars of instances until a time, by pool: what reservations cost is paid beside them, whether they are used or not. */
    billOf: (until: number): Record<string, number> => {
      const sums: Record<string, number> = {}
      for (const one of instances)
        sums[one.pool] = (sums[one.pool] ?? 0) + billOf(one, until, (type, at) => hourAt(one, type, at))
      return sums
    },
    reservationBill: (until: number): number =>
      (Math.max(0, Math.min(until, reservation.to) - reservation.from) / HOUR) *
      reservation.count *
      TYPES[reservation.type].hour,
    /** Dollars that GPUs of a lane's pods have cost, by lane, as far as they were billed. */
    lanesOf: (until: number): Record<string, number> => {
      const sums: Record<string, number> = {}
      for (const one of instances)
        for (const pod of one.pods) {
          const end = Math.min(pod.to, one.stopped, until)
          const key = pod.installation === installation && pod.ledger === ledger ? (pod.lane ?? '') : ''
          const share = pod.gpus / TYPES[one.type].gpus
          sums[key] =
            (sums[key] ?? 0) +
            share * integral(one, Math.max(pod.from, one.running), end, (type, at) => hourAt(one, type, at))
        }
      return sums
    },
    count: instances.length,
  }
}

export type Account = ReturnType<typeof openAccount>

/** Spot prices move every hour or so, each type by itself. */
const spotPrices = (random: Random, from: number, to: number): ((type: TypeName, at: number) => number) => {
  const moves = new Map<TypeName, { at: number; hour: number }[]>()
  for (const [type, { hour }] of Object.entries(TYPES)) {
    const list: { at: number; hour: number }[] = []
    let factor = between(random, [0.35, 0.6])
    for (let at = from - DAY; at < to + DAY; at += between(random, [20 * MINUTE, 3 * HOUR])) {
      factor = Math.min(0.9, Math.max(0.2, factor * between(random, [0.9, 1.12])))
      list.push({ at, hour: Math.round(hour * factor * 10_000) / 10_000 })
    }
    moves.set(type as TypeName, list)
  }
  return (type, at) => moves.get(type)?.findLast((move) => move.at <= at)?.hour ?? TYPES[type].hour
}

interface Launching {
  pool: string
  from: number
  to: number
  reservation: Reservation
  whose: { installation: string; ledger: string }
}

const launches = (random: Random, given: Launching): Instance[] => {
  const { aDay } = POOLS[given.pool] ?? { aDay: 0 }
  const found: Instance[] = []
  const step = DAY / aDay
  for (let at = given.from + random() * step; at < given.to; at += between(random, [0.1 * step, 1.9 * step]))
    found.push(launch(random, at, given, found))
  return found
}

const launch = (
  random: Random,
  launched: number,
  { pool, reservation, whose }: Launching,
  before: Instance[],
): Instance => {
  const { type, buys, hours } = POOLS[pool] as (typeof POOLS)[string]
  const running = launched + between(random, TYPES[type].pending) * SECOND
  // One in thirty dies as it has begun: it is billed for a minute all the same.
  const lives = random() < 0.033 ? between(random, [5, 55]) * SECOND : between(random, hours) * HOUR
  const stopped = running + lives
  const reserved = before.filter((one) => one.buys[0]?.capacityType === 'reserved' && one.stopped > launched).length
  const isReserved =
    buys.includes('reserved') &&
    launched > reservation.from &&
    launched < reservation.to &&
    reserved < reservation.count
  const bought = isReserved
    ? 'reserved'
    : (buys.filter((one) => one !== 'reserved')[random() < 0.6 ? 0 : 1] ?? 'on-demand')
  const interrupted = bought === 'spot' && random() < 0.06
  const leaked = random() < 0.004
  const instance: Instance = {
    id: `i-0${hex(random, 16)}`,
    pool,
    type,
    zone: random() < 0.5 ? 'us-east-1a' : 'us-east-1b',
    launched,
    running,
    stopped: leaked ? running + between(random, [1, 4]) * MINUTE : stopped,
    gone: stopped + (interrupted ? between(random, [5, 100]) * SECOND : between(random, [4.5, 6.5]) * MINUTE),
    buys: [
      { from: launched, capacityType: bought },
      // When the reservation ends, what runs goes on at the price on demand.
      ...(isReserved && stopped > reservation.to ? [{ from: reservation.to, capacityType: 'on-demand' }] : []),
    ],
    interrupted,
    leaked,
    pods: [],
  }
  return { ...instance, pods: leaked ? [] : podsOn(random, instance, whose) }
}

/** Pods of two installations and of strangers, one after the other and beside each other, with gaps. */
const podsOn = (random: Random, instance: Instance, whose: { installation: string; ledger: string }): Pod[] => {
  const { gpus } = TYPES[instance.type]
  const pods: Pod[] = []
  const registered = instance.running + between(random, [60, 240]) * SECOND
  for (let slot = 0; slot < gpus; ) {
    const takes = random() < 0.5 ? gpus - slot : Math.min(gpus - slot, 1 + Math.floor(random() * 4))
    let at = registered + random() * 5 * MINUTE
    while (at < instance.stopped - MINUTE) {
      const to = Math.min(instance.stopped - 20 * SECOND, at + between(random, [5 * MINUTE, 12 * HOUR]))
      const by = random()
      const owner =
        by < 0.7
          ? { namespace: 'training', lane: `pipeline/p${Math.floor(random() * 4)}`, ...whose }
          : by < 0.85
            ? { namespace: 'other-training', lane: 'pipeline/p0', installation: 'other', ledger: 'ffffffffffff' }
            : { namespace: 'research', lane: null, installation: '', ledger: '' }
      pods.push({
        uid: hex(random, 32),
        ...owner,
        gpus: takes,
        from: at,
        to,
        gone: to + between(random, [10, 900]) * SECOND,
      })
      at = to + between(random, [10 * SECOND, 30 * MINUTE])
    }
    slot += takes
  }
  return pods
}

/** The seconds in which it runs, at least 60, at the price of each. Nothing is billed of a spot instance that EC2 takes in its first hour. */
const billOf = (one: Instance, until: number, hourAt: (capacityType: string, at: number) => number): number => {
  if (one.running >= until) return 0
  if (one.interrupted && one.stopped - one.running < HOUR) return 0
  return integral(one, one.running, Math.min(until, Math.max(one.stopped, one.running + MINUTE)), hourAt)
}

const integral = (
  one: Instance,
  from: number,
  to: number,
  hourAt: (capacityType: string, at: number) => number,
): number => {
  let sum = 0
  for (const [index, { from: begins, capacityType }] of one.buys.entries()) {
    const [a, b] = [Math.max(from, begins), Math.min(to, one.buys[index + 1]?.from ?? Number.POSITIVE_INFINITY)]
    for (let at = a; at < b; at += 5 * MINUTE) sum += (Math.min(5 * MINUTE, b - at) / HOUR) * hourAt(capacityType, at)
  }
  return sum
}

/** The label of a reservation's end comes up to a minute late. */
const capacityAt = ({ buys }: Instance, at: number): string =>
  buys.findLast(({ from }, index) => (index === 0 ? true : from + 45 * SECOND <= at))?.capacityType ?? 'on-demand'

const labelsOf = (one: Instance, at: number) => ({
  'karpenter.sh/nodepool': one.pool,
  'karpenter.sh/capacity-type': capacityAt(one, at),
  'node.kubernetes.io/instance-type': one.type,
  'topology.kubernetes.io/zone': one.zone,
})

const claimOf = (once: Once, one: Instance, at: number): object[] => {
  const said = (type: string, since: number) =>
    since <= at ? [{ type, status: 'True', lastTransitionTime: wire(since) }] : []
  // Karpenter asks first, and then writes that it has: a second or two later. Of what EC2 took it says nothing.
  const told = one.interrupted ? [] : said('InstanceTerminating', one.stopped + 1500)
  const named = at > one.running + MINUTE
  return [
    once(`claim ${one.id} ${named} ${told.length} ${capacityAt(one, at)}`, () => ({
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodeClaim',
      metadata: {
        name: `${one.pool}-${one.id}`,
        uid: `claim-${one.id}`,
        creationTimestamp: wire(one.launched - 3000),
        labels: labelsOf(one, at),
      },
      status: {
        providerID: `aws:///${one.zone}/${one.id}`,
        ...(named ? { nodeName: `ip-${one.id}` } : {}),
        capacity: { 'nvidia.com/gpu': String(TYPES[one.type].gpus) },
        conditions: [...said('Launched', one.launched), ...told],
      },
    })),
  ]
}

/** Launches that found no capacity: they come and go, have no instance and cost nothing. */
const refusedLaunches = (at: number): object[] =>
  Math.floor(at / (3 * MINUTE)) % 7 === 0
    ? [
        {
          apiVersion: 'karpenter.sh/v1',
          kind: 'NodeClaim',
          metadata: {
            name: 'none',
            uid: 'none',
            creationTimestamp: wire(at - 5000),
            labels: { 'karpenter.sh/nodepool': 'gpu-train' },
          },
          status: { conditions: [{ type: 'Launched', status: 'Unknown', lastTransitionTime: wire(at - 5000) }] },
        },
      ]
    : []

const nodeOf = (once: Once, one: Instance, at: number): object[] =>
  at < one.running + MINUTE
    ? []
    : [
        once(`node ${one.id} ${capacityAt(one, at)}`, () => ({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name: `ip-${one.id}`,
            uid: `node-${one.id}`,
            creationTimestamp: wire(one.running + MINUTE),
            labels: labelsOf(one, at),
          },
          spec: { providerID: `aws:///${one.zone}/${one.id}` },
          status: { capacity: { 'nvidia.com/gpu': String(TYPES[one.type].gpus) } },
        })),
      ]

const podOf = (once: Once, one: Instance, pod: Pod, at: number): object =>
  once(`pod ${pod.uid} ${at < pod.to}`, () => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.uid,
      uid: pod.uid,
      namespace: pod.namespace,
      creationTimestamp: wire(pod.from),
      labels:
        pod.lane === null
          ? {}
          : {
              'signalbox.dev/installation': pod.installation,
              'signalbox.dev/ledger': pod.ledger,
              'signalbox.dev/lane': pod.lane.replace('/', '.'),
            },
    },
    spec: {
      nodeName: `ip-${one.id}`,
      containers: [{ name: 'main', resources: { limits: { 'nvidia.com/gpu': String(pod.gpus) } } }],
    },
    status: {
      phase: at < pod.to ? 'Running' : 'Succeeded',
      startTime: wire(pod.from),
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: wire(pod.from) }],
      containerStatuses:
        at < pod.to ? [] : [{ name: 'main', state: { terminated: { exitCode: 0, finishedAt: wire(pod.to) } } }],
    },
  }))
