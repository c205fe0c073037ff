import { setImmediate } from 'node:timers/promises'
import { openSlack } from '../../../effects/chat/slack-chat.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { type SqsRecord, sqsConsumer } from '../../../effects/queue/sqs-consumer.ts'
import { openSqsQueue } from '../../../effects/queue/sqs-queue.ts'
import { type Ports, Unavailable } from '../../../flows/ports.ts'
import { HANDOVER } from '../../../functions/aws-binding/patience.ts'
import { door as reconcile } from '../../../functions/reconcile.ts'
import { openSlackStandIn } from '../../effects/chat/slack-stand-in.ts'
import { calling, mortal } from '../../faults/mortal.ts'
import { openTown, type Town } from '../../journeys/town.ts'
import { openDynamoDb, troubledDynamo } from './dynamodb.ts'
import { openMapping, openSqs } from './sqs.ts'

/** After so long a wake whose consumer died is there again; whoever is slow overlaps with the next for that reason. Milliseconds. */
const BACK = 75_000

/** What happens to one invocation, at its nth call of a port. */
type Fate = { kind: 'well' } | { kind: 'dies' | 'stalls' | 'has-no-time'; at: number; when: 'before' | 'after' }

/** One call of the function: of calls side by side one may stall, and another's failure end it first. */
interface Invocation {
  ended: boolean
}

interface Given {
  config: unknown
  random: () => number
  /** Consumers that die before all live on. */
  deaths: number
}

/**
 * A town whose ledger is DynamoDB's effect on dynoxide, whose queue and consumer are SQS's on its stand-in, whose chat is Slack's,
 * each in trouble; the doors of the bus, the cluster, the registry and the buckets are of this machine. Time is virtual, and the
 * queue's with it. Each invocation of `reconcile` has a fate.
 */
export const openAwsTown = async ({ config, random, deaths }: Given) => {
  const [dynamo, sqs] = await Promise.all([openDynamoDb(), openSqs()])
  const counts: Record<string, number> = { died: 0, stalled: 0, 'had no time': 0, 'wakes lost': 0 }
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const [calm, troubled, sender] = [dynamo.client(20), troubledDynamo(dynamo.client(20), random, counts), sqs.client()]
  const table = await dynamo.table()
  const pause = async (): Promise<void> => undefined
  const clock = { now: (): number => town.house.clock.now() }
  const ledgerOn = (client: typeof calm) => openDynamoLedger({ client, table, clock, random, pause })
  const [clean, ledger] = [ledgerOn(calm), ledgerOn(troubled)]
  const queue = openSqsQueue({ client: sender, url: sqs.url })
  const slack = await openSlackStandIn(clean)
  const over = (ports: Ports): Ports => ({
    ...ports,
    ledger,
    chat: openSlack({ token: async () => 'xoxb-test', ledger, clock, url: slack.url, pause }),
    queue: {
      wake: async (group, id) => {
        if (random() < 0.05) return lost()
        await queue.wake(group, id)
        if (random() < 0.05) return lost()
      },
    },
  })
  const lost = (): never => {
    count('wakes lost')
    throw new Unavailable('the answer of SQS was lost')
  }

  const stalled = new Set<{ of: Invocation; until: number; goOn(): void }>()
  const stall = (of: Invocation): Promise<void> =>
    new Promise((resolve) => {
      const one = {
        of,
        until: clock.now() + BACK + 1000,
        goOn: () => {
          stalled.delete(one)
          resolve()
        },
      }
      stalled.add(one)
      count('stalled')
    })
  /** A wake that was given back three times comes through: five times is for the queue of the dead, which nothing else may reach. */
  const nextFate = (times: number): Fate => {
    if (times > 3) return { kind: 'well' }
    const dice = random()
    const at = 1 + Math.floor(random() * 12)
    const when = random() < 0.5 ? 'before' : 'after'
    if (dice < 0.25 && (counts['died'] ?? 0) < deaths) return { kind: 'dies', at, when }
    if (dice > 0.92) return { kind: 'stalls', at, when }
    return dice > 0.8 ? { kind: 'has-no-time', at, when } : { kind: 'well' }
  }

  let firstBack = Number.POSITIVE_INFINITY
  /** One invocation of `reconcile`, as Lambda makes it. */
  const invoke = async (event: { Records: SqsRecord[] }): Promise<void> => {
    const fate = nextFate(Number(event.Records[0]?.attributes.ApproximateReceiveCount ?? 1))
    const invocation: Invocation = { ended: false }
    let timeIsUp = (): void => undefined
    const consumer = sqsConsumer({
      client: sender,
      url: sqs.url,
      queue: over(town.house.ports).queue,
      pause: (_, signal) =>
        new Promise((resolve, reject) => {
          timeIsUp = () => resolve(null)
          signal.addEventListener('abort', reject)
        }),
      work: async (group, timeUp) => {
        const { ports, died } = fated(town.house.ports, fate, {
          stall: () => stall(invocation),
          timeIsUp: () => timeIsUp(),
        })
        if (fate.kind === 'has-no-time') timeUp.addEventListener('abort', () => count('had no time'))
        try {
          await reconcile.handler(ports)({ group, handover: HANDOVER, timeUp })
        } finally {
          if (died()) count('died')
        }
        // What a dead process still answers nobody hears.
        if (died()) throw new Error('the process is dead')
      },
    })
    await consumer(event)
      .catch((error: unknown) => {
        firstBack = Math.min(firstBack, clock.now() + BACK)
        throw error
      })
      .finally(() => {
        invocation.ended = true
      })
  }

  const town: Town = await openTown({ config, wrap: over })
  const mapping = openMapping(sqs, invoke, { concurrency: 8 })
  const waited = (): number => [...stalled].filter(({ of }) => !of.ended).length
  const settled = async (): Promise<void> => {
    do await setImmediate()
    while (sqs.hasWork() || mapping.inHand() !== waited())
  }
  let passed = clock.now()
  /** Time goes by in the queue as in the town; who stalled for long enough goes on, beside whoever took the lane since. */
  const pass = async (): Promise<void> => {
    sqs.pass(clock.now() - passed)
    passed = clock.now()
    if (firstBack <= passed) firstBack = Number.POSITIVE_INFINITY
    await settled()
    for (const one of [...stalled]) if (one.until <= clock.now()) one.goOn()
    await settled()
  }
  const advance = town.house.advance
  town.house.advance = async () => {
    for (;;) {
      await pass()
      const before = sqs.handedOut()
      const next = (await advance()) ?? Number.POSITIVE_INFINITY
      await settled()
      const again = Math.min(next, firstBack, ...[...stalled].map(({ until }) => until))
      if (sqs.handedOut() === before) return Math.max(again, clock.now() + 1)
    }
  }
  return {
    town,
    clean,
    slack,
    counts,
    dead: sqs.dead,
    failures: mapping.failures,
    close: async (): Promise<void> => {
      for (const one of [...stalled]) one.goOn()
      await mapping.close()
      await town.close()
      for (const client of [calm, troubled, sender]) client.destroy()
      await Promise.all([slack.close(), dynamo.close()])
    },
  }
}

/** Ports of one invocation, with what happens to it at its nth call. */
const fated = (
  ports: Ports,
  fate: Fate,
  { stall, timeIsUp }: { stall(): Promise<void>; timeIsUp(): void },
): { ports: Ports; died(): boolean } => {
  const { wrap, life } = mortal(fate.kind === 'dies' ? fate : null)
  let calls = 0
  const call = async (work: () => unknown): Promise<unknown> => {
    const isNow = fate.kind !== 'well' && ++calls === fate.at
    if (isNow && fate.kind === 'has-no-time') timeIsUp()
    if (isNow && fate.kind === 'stalls' && fate.when === 'before') await stall()
    const answer = await work()
    if (isNow && fate.kind === 'stalls' && fate.when === 'after') await stall()
    return answer
  }
  const named = Object.entries(wrap(ports)).map(([name, port]) => [
    name,
    name === 'clock' ? port : calling(port as object, call),
  ])
  return { ports: Object.fromEntries(named) as unknown as Ports, died: () => life.dead }
}
