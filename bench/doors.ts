import { isAnythingInFlight } from '../flows/lanes.ts'
import type { Ports } from '../flows/ports.ts'
import { door as datasetUploaded } from '../functions/dataset-uploaded.ts'
import { door as modelPromoted } from '../functions/model-promoted.ts'
import { door as reconcile } from '../functions/reconcile.ts'
import { door as registryWebhook } from '../functions/registry-webhook.ts'
import { door as resync } from '../functions/resync.ts'
import { signMlflow, signSlack } from '../functions/signatures.ts'
import { door as slackInteraction } from '../functions/slack-interaction.ts'
import { door as tick } from '../functions/tick.ts'
import { door as watch } from '../functions/watch.ts'
import type { LocalHouse } from '../local/house.ts'
import { uploadDataset } from '../local/scenario.ts'
import { counting } from './counting.ts'
import { ms, quantiles, timed } from './figures.ts'
import { aliasSet, openBench, promoted, uploaded } from './town.ts'

const EVENTS = 100
/** Resync looks at every lane each time. */
const COMPARISONS = 10

/** Calls and warm time of one call of each door, on the ledger in SQLite; nobody reconciles beside it. */
export const doorCosts = async (): Promise<string[]> => {
  const counted = counting()
  // Wakes go nowhere: what a door alone costs is counted.
  const still = (ports: Ports): Ports => counted.wrap({ ...ports, queue: { wake: async () => undefined } })
  const { house, clock, close } = await openBench(EVENTS, still)
  const { ports } = house
  const measured = async (name: string, one: (n: number) => Promise<unknown>, rounds = EVENTS): Promise<string> => {
    const times: number[] = []
    counted.since()
    for (let n = 0; n < rounds; n++) times.push(await timed(() => one(n)))
    const { total, text } = counted.since()
    // The first calls of a process compile.
    const { p50, p99 } = quantiles(times.slice(rounds / 10))
    return `door ${name}: ${(total / rounds).toFixed(1)} calls, warm p50 ${ms(p50)}, p99 ${ms(p99)} (all: ${text})`
  }
  const woken = (n: number) => reconcile.handler(ports)({ group: `pipeline/d-${n}`, handover: 30_000 })
  for (let n = 0; n < EVENTS; n++)
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `d-${n}/`, rows: ['{}'] })
  const lines = [
    await measured('dataset-uploaded', (n) => datasetUploaded.handler(ports)(uploaded(`d-${n}`))),
    await measured('reconcile, a letter to its Job', woken),
    await measured('reconcile, its Job runs', woken),
    await measured('model-promoted', (n) => modelPromoted.handler(ports)(promoted(`m-d-${n}`))),
    await measured('registry-webhook', (n) => registryWebhook.handler(ports)(delivery(n, clock.now()))),
    await measured('slack-interaction', (n) => pressed(house, n)),
    await measured('tick', () => tick.handler(ports)({})),
    await measured(`resync, ${EVENTS} runs in flight`, () => resync.handler(ports)({}), COMPARISONS),
    await measured('watch, begun and stopped', async () => {
      await isAnythingInFlight(ports.ledger)
      await watch.handler(ports)({ until: clock.now(), pause: async () => undefined, onError: console.error })
    }),
  ]
  await close()
  return lines
}

const http = (headers: Record<string, string>, body: Buffer) => ({
  version: '2.0' as const,
  rawPath: '/',
  headers,
  body: body.toString('base64'),
  isBase64Encoded: true,
})

const delivery = (n: number, now: number) => {
  const body = Buffer.from(JSON.stringify(aliasSet('no-such-model')))
  return http(signMlflow({ secret: 'a', body, now, deliveryId: `d-${n}` }), body)
}

/** A press of a button: the door leaves every press of a question's form to its lane. */
const pressed = ({ ports }: LocalHouse, n: number): Promise<unknown> => {
  const payload = {
    type: 'block_actions',
    team: { id: 'T0SIGNAL' },
    user: { id: 'U0APPROVER', username: 'ana', team_id: 'T0SIGNAL' },
    actions: [{ action_id: 'approve', value: `pipeline/d-${n}#1.0123456789abcdef.0`, action_ts: '1' }],
  }
  const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
  return slackInteraction.handler(ports)(http(signSlack({ secret: 'b', body, now: ports.clock.now() }), body))
}
