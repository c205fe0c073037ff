import type { Clock, Policies, Ports } from '../flows/ports.ts'
import { watch } from '../flows/watch.ts'
import { door as carryOut } from '../functions/carry-out.ts'
import { signMlflow } from '../functions/signatures.ts'
import { openBus } from './bus/local-bus.ts'
import { openChat } from './chat/local-chat.ts'
import { nodePoolObject } from './cluster/node-pool-object.ts'
import { openSimulatedCluster } from './cluster/simulated-cluster.ts'
import { busTargets, deliverThrough, httpDoors, isSelected, reconcileDoor } from './doors.ts'
import type { House } from './house-type.ts'
import { openLedger } from './ledger/sqlite-ledger.ts'
import { openObjects } from './objects/folder-objects.ts'
import { commandOn, planOnPaper, pressButton } from './person.ts'
import { openRegistry } from './registry/stand-in-registry.ts'
import type { LocalSecrets } from './secrets/local-secrets.ts'
import type { Stores } from './stores.ts'
import { openWorkflow } from './workflow/sqlite-workflow.ts'

/** How often reconcile runs, in (virtual) milliseconds. */
export const RECONCILE_EVERY = 5 * 60_000

export interface HouseOptions {
  stores: Stores
  policies: Policies
  secrets: LocalSecrets
  clock: Clock
  /** Wraps the ports before anything uses them: for tests that break them. */
  wrap?: (ports: Ports) => Ports
  onError?: (what: string, error: unknown) => void
}

/** The product on one machine, with the handles of what stands for the outside. */
export interface LocalHouse extends House {
  objects: ReturnType<typeof openObjects>
  registry: ReturnType<typeof openRegistry>
  cluster: ReturnType<typeof openSimulatedCluster>
  bus: ReturnType<typeof openBus>
  chat: ReturnType<typeof openChat>
  /** Does everything that is due at or before now; answers when the next thing is due (ms), or null. */
  advance(): Promise<number | null>
  /** Called when something came in from outside that may be due at once; answers the way to stop. */
  onInput(listener: () => void): () => void
  /** Uploads that appeared in the buckets since the last look, each through its door. */
  scanUploads(): Promise<void>
  clock: Clock
}

/** Calls `tell` only when a store was written since the last call. */
const whenWritten = ({ ledger, world }: Stores, tell: () => void): (() => void) => {
  const counters = [ledger, world].map((database) => database.prepare('SELECT total_changes() AS n'))
  let last = ''
  return () => {
    const now = counters.map((counter) => String(counter.get()?.['n'])).join(' ')
    if (now !== last) tell()
    last = now
  }
}

/** Opens the house on its stores: another house may have died on them at any moment before. */
export const openHouse = async (options: HouseOptions): Promise<LocalHouse> => {
  const { stores, clock, policies, secrets } = options
  const onError = options.onError ?? ((what, error) => console.error(`signalbox: ${what}:`, error))
  const listeners = new Set<() => void>()
  const inputs = new Set<() => void>()
  const tell = (all: Set<() => void>) => (): void => {
    for (const listener of all) listener()
  }
  const listen = (all: Set<() => void>) => (listener: () => void) => {
    all.add(listener)
    return () => void all.delete(listener)
  }
  const changed = tell(listeners)
  const input = tell(inputs)
  const objects = openObjects({ root: stores.buckets, clock })
  const cluster = openSimulatedCluster({ file: stores.world, clock, objects })
  const chat = openChat({ database: stores.world, clock })
  const registry = openRegistry({
    database: stores.world,
    clock,
    sign: signMlflow,
    secret: () => secrets.get('mlflow-webhook'),
    deliver: (request) => house.webhook('mlflow', request),
  })
  const workflow = openWorkflow({
    database: stores.workflow,
    clock,
    run: (context, run) => carryOut.handler(ports)({ context, run }),
    onError: (name, error) => onError(`execution ${name}`, error),
  })
  const bus = openBus({ database: stores.world, clock, targets: busTargets(() => ports) })
  const given: Ports = {
    ledger: openLedger(stores.ledger),
    cluster,
    bus,
    chat,
    registry,
    objects,
    policies,
    secrets,
    workflow,
    clock,
  }
  const ports = options.wrap?.(given) ?? given
  const rings = new Set<Promise<void>>()
  for (const [name, pool] of Object.entries((await policies.load()).pools)) await cluster.apply(nodePoolObject({ name, ...pool }), 'signalbox-ceiling')
  const watching = await watch(ports, {
    onError: (error) => onError('watch', error),
    track: (ring) => {
      rings.add(ring)
      void ring.then(() => rings.delete(ring))
    },
  })
  const { answerHttp } = httpDoors(ports)
  const tellIfWritten = whenWritten(stores, changed)
  let reconcileAt = clock.now() + RECONCILE_EVERY

  const advance = async (): Promise<number | null> => {
    for (;;) {
      const now = clock.now()
      if (reconcileAt <= now) {
        reconcileAt = now + RECONCILE_EVERY
        await reconcileDoor(ports)().catch((error: unknown) => onError('reconcile', error))
      }
      await bus.advance(now)
      await workflow.advance(now)
      await cluster.advance(now)
      while (rings.size > 0) await Promise.all(rings)
      // Asked again: what each of them did may have given the others something to do at once.
      const due = [await workflow.advance(now), await cluster.advance(now), await bus.advance(now), reconcileAt]
      tellIfWritten()
      const next = Math.min(...due.filter((at) => at !== null))
      if (next > now) return next
    }
  }

  const house: LocalHouse = {
    ports,
    clock,
    dataDir: stores.dataDir,
    objects,
    registry,
    cluster,
    bus,
    chat,
    advance,
    scanUploads: async () => {
      for (const event of await objects.scan()) if (isSelected(event)) await house.deliver(event)
    },
    deliver: async (event) => {
      const became = await deliverThrough(ports, event)
      changed()
      input()
      return became
    },
    webhook: async (route, request) => {
      const answer = await answerHttp(route, request)
      changed()
      input()
      return answer
    },
    answer: (question, given) => pressButton(house, question, given),
    command: (command) => commandOn(ports, command).finally(input),
    planOnPaper: (event) => planOnPaper(ports, event),
    onChange: listen(listeners),
    onInput: listen(inputs),
    cards: () => chat.cards(),
    secrets: async () => ({
      mlflow: await secrets.get('mlflow-webhook'),
      slack: await secrets.get('slack-signing'),
      token: await secrets.get('token'),
    }),
    close: async () => {
      watching.stop()
      workflow.close()
      cluster.close()
    },
  }
  return house
}
