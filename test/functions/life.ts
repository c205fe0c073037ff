import { vi } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { poolRoom } from '../../core/lane/room.ts'
import { markerObject } from '../../core/marker.ts'
import { label, TOKEN_ANNOTATION, tokenOf } from '../../core/names.ts'
import { lineId } from '../../core/rows.ts'
import { sqsConsumer } from '../../effects/queue/sqs-consumer.ts'
import { guarded } from '../../flows/guarded.ts'
import { inForce } from '../../flows/in-force.ts'
import { isAnythingInFlight } from '../../flows/lanes.ts'
import type { Write } from '../../flows/ledger-port.ts'
import type { Objects, Ports } from '../../flows/ports.ts'
import { pulseOf } from '../../flows/pulse.ts'
import { readRow } from '../../flows/rows.ts'
import { door as budgetCrossed } from '../../functions/budget-crossed.ts'
import { door as budgetNotice } from '../../functions/budget-notice.ts'
import { door as capacityWarned } from '../../functions/capacity-warned.ts'
import { door as costAnomaly } from '../../functions/cost-anomaly.ts'
import { door as datasetUploaded } from '../../functions/dataset-uploaded.ts'
import { door as meter } from '../../functions/meter.ts'
import { door as modelPromoted } from '../../functions/model-promoted.ts'
import { door as reconcile } from '../../functions/reconcile.ts'
import { door as registryWebhook } from '../../functions/registry-webhook.ts'
import { door as resync } from '../../functions/resync.ts'
import { signMlflow, signSlack } from '../../functions/signatures.ts'
import { door as slackCommand } from '../../functions/slack-command.ts'
import { door as slackInteraction } from '../../functions/slack-interaction.ts'
import { door as tick } from '../../functions/tick.ts'
import { door as watch } from '../../functions/watch.ts'
import { openSimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { memoryLedger } from '../../local/ledger/memory-ledger.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import { openSlackStandIn } from '../effects/chat/slack-stand-in.ts'
import { samplesOf } from '../events/samples.ts'
import example from '../example.ts'
import { between } from '../journeys/away.ts'
import { nowOf, tellOf, watched } from '../journeys/drifting.ts'
import { openTown, LEDGER as TOWN, type Town } from '../journeys/town.ts'
import { piped } from '../variants.ts'
import { type Asked, noting } from './asked.ts'

const [CHATS, SALES, NOBODY] = ['pipeline/support-chats', 'pipeline/sales-chats', 'pipeline/nobody']
const MINUTE = 60_000
const LEDGER = 'aaaaaaaaaaaa'
/** Two lanes that want the same GPUs, an approvers' group, and a rule in shadow. */
const config = {
  ...example,
  // The first cent of a node crosses it.
  budget: { ...example.budget, ladder: [{ at: 1e-7, do: 'notify' }], notices: { aws: ['ml-platform GPUs'] } },
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } },
  services: watched(),
  pipelines: {
    'support-chats': { ...piped(), idle: {}, on: { ...piped().on, drift: { service: 'support-llama' } } },
    'sales-chats': piped({ prefix: 'sales-chats/' }),
    shadowed: piped({ prefix: 'shadowed/', mode: 'shadow' }),
  },
  approvals: { ...example.approvals, approvers: [{ id: 'T0SIGNAL/S0GPUOPS', name: 'GPU ops' }] },
}

type Handler = (ports: never) => (event: never) => Promise<unknown>
type Noting = ReturnType<typeof noting>
interface Here {
  town: Town
  noted: Noting
  outside: ReturnType<typeof between>
  /** While it is, no listing of a bucket comes to its end. */
  crowded: { is: boolean }
}

/** What every door asks of AWS while a town of several lanes on one pool lives through all that doors do. */
export const askedInLife = async (): Promise<Asked[]> => {
  const slack = await openSlackStandIn()
  const [noted, outside, crowded] = [noting({ slackUrl: slack.url }), between(), { is: false }]
  // These are called by the house itself: what they ask is theirs, whoever woke them.
  const theirs = [reconcile, resync, meter, registryWebhook, slackInteraction, slackCommand] as {
    name: string
    handler: Handler
  }[]
  const spied = theirs.map((door) => {
    const { name, handler } = door
    const named: Handler = (ports) => (event) => noted.as(name, () => handler(ports)(event))
    return vi.spyOn(door, 'handler').mockImplementation(named)
  })
  const wrap = (ports: Ports): Ports => noted.wrap(outside.wrap({ ...ports, objects: endless(ports.objects, crowded) }))
  const town = await openTown({ config, wrap })
  const here = { town, noted, outside, crowded }
  try {
    await claims(here)
    await manyNodes(here)
    await inputs(here)
    await warnings(here)
    await consumer(here)
    await troubledRuns(here)
    await services(here)
    await drift(here)
    await idling(here)
    return noted.asked
  } finally {
    for (const spy of spied) spy.mockRestore()
    await town.close()
    await slack.close()
  }
}

const endless = (objects: Objects, crowded: { is: boolean }): Objects => ({
  ...objects,
  list: async (bucket, prefix, after) => {
    const found = await objects.list(bucket, prefix, after)
    if (!crowded.is) return found
    const head = { size: 1, versionId: null, lastModified: 0, etag: '', sha256: null }
    return [...found, { key: `${after ?? prefix}~`, head }]
  },
})

const tell = ({ town, noted }: Here, door: typeof datasetUploaded | typeof budgetCrossed, event: unknown) =>
  noted.as(door.name, () => door.handler(town.house.ports)(event))

/**
 * Whoever writes to the cluster makes sure first that it is the ledger which acts there. One that has just been made takes a
 * cluster over in which something of its own stands already: it was restored.
 */
const claims = async (here: Here): Promise<void> => {
  for (const { name } of [reconcile, resync]) await claimed(here, name)
}

const claimed = async ({ town, noted }: Here, door: string): Promise<void> => {
  const { clock } = town.house
  const ledger = memoryLedger()
  const cluster = openSimulatedCluster({ clock, file: ':memory:', objects: town.house.objects })
  for (const namespace of ['training', 'serving']) await cluster.create(markerObject(namespace))
  const service = { kind: 'Service' as const, namespace: 'serving', name: 'a-g1' }
  await cluster.create({
    apiVersion: 'v1',
    kind: service.kind,
    metadata: {
      name: service.name,
      namespace: service.namespace,
      labels: { [label('ledger')]: LEDGER },
      annotations: { [label('fence-workload')]: '1' },
    },
    spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
  } as KubeObject)
  await ledger.commit([{ put: 'name', id: 'a', revision: 0, value: { lane: CHATS } }])
  const noting = noted.wrap({ ...town.house.ports, ledger, cluster })
  const mine = guarded(noting, { home: 'here', mint: () => LEDGER })
  await noted.as(door, async () => {
    await mine.delete(service, 'another').catch(() => undefined)
    // The policy calls things otherwise while nothing stands.
    const policy = await town.house.ports.policies.load()
    for (const installation of ['first', 'second'])
      await inForce({ load: async () => ({ ...policy, installation }) }, noting).load()
  })
}

/** More instances than one commit has room for come and go, and days pass until nobody asks for them any more. */
const manyNodes = async ({ town, noted }: Here): Promise<void> => {
  const began = town.house.ports.clock.now()
  let [now, there] = [began, 100]
  const claims = Array.from({ length: there }, (_, n) => ({
    metadata: { name: `n${n}`, uid: `n${n}`, labels: { 'karpenter.sh/nodepool': 'gpu-train' } },
    status: {
      providerID: `aws:///a/i-${String(n).padStart(8, '0')}`,
      conditions: [{ type: 'Launched', status: 'True', lastTransitionTime: new Date(began).toISOString() }],
    },
  }))
  const list = async (kind: string) => (kind === 'NodeClaim' ? claims.slice(0, there) : [])
  const ports = { ...town.house.ports, ledger: memoryLedger(), cluster: { list } as never, clock: { now: () => now } }
  const noting = noted.wrap(ports)
  await noted.as('meter', async () => {
    for (const [hours, left] of [
      [0, 100],
      [30, 0],
      [80, 0],
      [120, 0],
    ] as const) {
      ;[now, there] = [began + hours * 60 * MINUTE, left]
      await meter.handler(noting)({})
    }
  })
}

/** EC2 warns of a node on which a lane's pod is, of one that is another's, and of a block. */
const warnings = async ({ town, noted }: Here): Promise<void> => {
  const ledger = memoryLedger()
  const instance = 'i-0b662ef9931388ba0'
  const pods = { p: { lane: CHATS, gpus: 1, from: 1, end: null, seen: 1 } }
  const value = {
    id: instance,
    name: 'n',
    gpus: 8,
    begin: { at: 1, by: 'launched' as const },
    end: null,
    seen: 1,
    stretches: {},
    pods,
  }
  const row = { ...value, firstPod: 1, reservation: 'cr-56fac701cc1951b03' }
  await ledger.commit([{ put: 'instance', id: instance, revision: 0, value: row }])
  const door = capacityWarned.handler(noted.wrap({ ...town.house.ports, ledger }))
  for (const { event } of samplesOf('capacity-warned')) await noted.as('capacity-warned', () => door(event))
}

/** What comes in: what is right, what no rule is about, and what is none of it. */
const inputs = async (here: Here): Promise<void> => {
  const { town, noted } = here
  const notices = {
    Records: samplesOf('budget-crossed').map(({ message }) => ({ EventSource: 'aws:sns', Sns: message })),
  }
  await noted.as(budgetNotice.name, () => budgetNotice.handler(town.house.ports)(notices))
  for (const door of [datasetUploaded, modelPromoted, budgetCrossed, costAnomaly]) {
    for (const { event } of samplesOf(door.name)) if (event !== undefined) await tell(here, door, event)
    await tell(here, door, {})
  }
  await tell(here, datasetUploaded, created('elsewhere/manifest.json'))
  const body = Buffer.from('{}')
  const { mlflow, slack } = await town.house.secrets()
  for (const secret of [mlflow, 'another']) {
    const headers = signMlflow({ secret, body, now: town.house.clock.now(), deliveryId: 'd' })
    await town.house.webhook('mlflow', { headers, body })
  }
  for (const secret of [slack, 'another'])
    await town.house.webhook('slack', { headers: signSlack({ secret, body, now: town.house.clock.now() }), body })
  const leases = samplesOf('lease-asked').map(({ request }) => Buffer.from(request?.body ?? ''))
  for (const said of leases) {
    const headers = signSlack({ secret: slack, body: said, now: town.house.clock.now() })
    await town.house.webhook('commands', { headers, body: said })
  }
  await town.house.webhook('commands', { headers: {}, body })
}

/** A wake as Lambda hands it over; what Lambda itself does with the function's rights is what AWS names. */
const consumer = async ({ noted, town }: Here): Promise<void> => {
  const send = async ({ constructor: { name } }: object) => note(name.replace('Command', ''))
  const note = (action: string): void => noted.as('reconcile', () => noted.note(`sqs:${action}`, 'queue'))
  for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) note(action)
  const attributes = { MessageGroupId: CHATS, ApproximateReceiveCount: '1' }
  const { queue } = town.house.ports
  await sqsConsumer({ client: { send } as never, url: 'https://x', queue, work: async () => undefined })({
    Records: [{ messageId: 'm', receiptHandle: 'r', attributes }],
  })
}

/** A Job that could be a lane's by its name; answers its uid. */
const jobOf = async (
  { house }: Town,
  metadata: { name: string; namespace: string; annotations?: Record<string, string> },
): Promise<string> => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } }
  const made = await house.cluster.create(job as KubeObject)
  return (made.kind === 'created' && made.object.metadata.uid) || ''
}

/** A letter that falls due so many milliseconds later. */
const goesOn = async ({ house: { clock, ports } }: Town, after: number): Promise<void> => {
  const [at, due] = [clock.now(), clock.now() + after]
  const id = `${String(at).padStart(14, '0')}.${after}`
  await ports.ledger.commit([
    { put: 'look', id: `${CHATS}#${id}`, revision: 0, value: { kind: 'go-on', lane: CHATS, id, at, due } },
    { due: { group: CHATS, by: id }, at: due, was: null, side: null },
  ])
}

/** Who waits stands in no line any more. */
const tearLine = async ({ house: { ports }, run }: Town): Promise<void> => {
  const line = (await run(SALES))?.line
  if (line === undefined) return
  const torn = line.rooms.map((room): Write => ({ remove: 'line', id: lineId(room, line.place), revision: 1 }))
  await ports.ledger.commit(torn)
}

/** What the schedules do, once each. */
const minute = async ({ noted, town, crowded }: Here): Promise<void> => {
  const { ports } = town.house
  await goesOn(town, 0)
  await noted.as('tick', () => tick.handler(ports)({}))
  const nobodysJob = { kind: 'Job' as const, namespace: 'training', name: 'nobody-01234567-g1a1-train' }
  const uid = await jobOf(town, nobodysJob)
  await goesOn(town, 1000)
  await noted.as('watch', async () => {
    await isAnythingInFlight(ports.ledger)
    let now = ports.clock.now()
    const pause = async (ms: number): Promise<void> => {
      now += ms
      await town.house.cluster.delete(nobodysJob, uid)
    }
    await watch.handler({ ...ports, clock: { now: () => now } })({
      until: now + MINUTE,
      pause,
      onError: () => undefined,
    })
  })
  // A restore tore a sum from its rows, and holds, places in lines and due rows from what they are of.
  await tearLine(town)
  const held = await readRow(ports.ledger, 'hold', `${poolRoom('gpu-train')}#${CHATS}`)
  if (held !== null) await ports.ledger.commit([{ remove: 'hold', id: held.id, revision: held.revision }])
  const nobodys = { lane: NOBODY, amount: 1 }
  await ports.ledger.commit([{ put: 'hold', id: `${poolRoom('gpu-train')}#${NOBODY}`, revision: 0, value: nobodys }])
  const gone = ports.clock.now() - 60 * MINUTE
  await ports.ledger.commit([
    { add: poolRoom('gpu-train'), by: 1, atMost: null, atLeast: null },
    { due: { group: CHATS, by: 'lane' }, at: gone, was: null, side: null },
    { due: { group: CHATS, by: 'gone' }, at: gone, was: null, side: null },
  ])
  await noted.as('resync', async () => {
    await pulseOf(ports)
    for (const is of [true, false]) {
      crowded.is = is
      await resync
        .handler(ports)({})
        .catch(() => undefined)
    }
  })
}

const upload = async (here: Here, folder: `${string}/`, event = true): Promise<void> => {
  const { objects } = here.town.house
  await uploadDataset(here.town.house, { bucket: 'acme-datasets', folder, rows: ['{}'] })
  const key = `${folder}part-0.jsonl`
  const head = await objects.head('acme-datasets', key)
  const manifest = { version: 1, objects: [{ key, size: 2, versionId: head?.versionId ?? 'null' }] }
  await objects.write('acme-datasets', `${folder}manifest.json`, Buffer.from(JSON.stringify(manifest)))
  if (event) await tell(here, datasetUploaded, created(`${folder}manifest.json`))
}

/** Two that want one room, and the second waits for it. */
const crossing = async (here: Here): Promise<void> => {
  const { town } = here
  await upload(here, 'support-chats/b/')
  await upload(here, 'sales-chats/b/')
  await town.answered(CHATS)
  await town.answered(SALES)
  await town.until('one waits', async () => (await town.run(SALES))?.phase === 'waiting-for-room')
}

/** Two that want one room; a far side is away in the midst of it; a cancel, and one of who waits in a line that a restore tore. */
const troubledRuns = async (here: Here): Promise<void> => {
  const { town, outside } = here
  await upload(here, 'support-chats/a/')
  await upload(here, 'sales-chats/a/')
  await upload(here, 'shadowed/a/', false)
  await town.answered(CHATS)
  await minute(here)
  await town.answered(SALES)
  await town.until('one waits', async () => (await town.run(SALES))?.phase === 'waiting-for-room')
  outside.fails('cluster', 'away')
  await town.advance(10 * MINUTE)
  await minute(here)
  outside.answers('cluster')
  await town.settled(CHATS)
  await town.house.command({ kind: 'cancel', lane: SALES, by: 'ana' })
  await town.settled(SALES)
  await crossing(here)
  await tearLine(town)
  await town.house.command({ kind: 'cancel', lane: SALES, by: 'ana' })
  await town.settled(SALES)
  await town.settled(CHATS)
}

/** A version is served, which the watch is there to see, then another; the registry is away, and resync is the first to hear of it again. */
const services = async (here: Here): Promise<void> => {
  const { town, noted, outside } = here
  await promote(town.house, 'support-llama', '1')
  await town.answered('service/support-llama')
  await minute(here)
  await town.settled('service/support-llama')
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  outside.fails('registry', 'away')
  await town.advance(MINUTE)
  outside.answers('registry')
  await noted.as('resync', () => resync.handler(town.house.ports)({}))
  await town.advance(10 * MINUTE)
  await orphan(here)
  await minute(here)
}

/** An alert of a Prometheus is told of, which is asked whether it still fires: by its lane, and by resync while people are asked. */
const drift = async ({ town, noted }: Here): Promise<void> => {
  await town.advance(7 * 60 * MINUTE)
  await tellOf(town, { since: nowOf(town), fingerprint: '3ef44b255f8ecf38' })
  await town.until('it asks', async () => (await town.question(CHATS)) !== null)
  await noted.as('resync', () => resync.handler(town.house.ports)({}))
  await town.answered(CHATS, 'deny')
}

/** A training takes so long that it is asked what its GPUs do. */
const idling = async (here: Here): Promise<void> => {
  await here.town.house.objects.write(
    'acme-datasets',
    'support-chats/long/simulation.json',
    Buffer.from('{"minutes":25}'),
  )
  await upload(here, 'support-chats/long/')
  await here.town.answered(CHATS)
  await here.town.settled(CHATS)
}

/** A Job that only this ledger can have made, of a run that is over. */
const orphan = async ({ town }: Here): Promise<void> => {
  const { name } = await town.lane(CHATS)
  const metadata = { name: `${name}-g1a1-again`, namespace: 'training' }
  const annotations = { [TOKEN_ANNOTATION]: tokenOf(`${TOWN}${TOWN}`, metadata) }
  await jobOf(town, { ...metadata, annotations })
}

/** S3's event of an object that was made. */
const created = (key: string): unknown => {
  const sample = samplesOf('dataset-uploaded').find(({ name }) => name === 'base')
  const event = structuredClone(sample?.event) as { detail: { object: { key: string }; bucket: { name: string } } }
  event.detail.object.key = key
  event.detail.bucket.name = 'acme-datasets'
  return event
}
