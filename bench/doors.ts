import { parsePolicy } from '../core/policy.ts'
import type { Ledger } from '../flows/ports.ts'
import { isAnythingInFlight } from '../flows/watch.ts'
import { door as modelPromoted } from '../functions/model-promoted.ts'
import { door as reconcile } from '../functions/reconcile.ts'
import { signMlflow } from '../functions/signatures.ts'
import { door as watch } from '../functions/watch.ts'
import { virtualClock } from '../local/clock.ts'
import { type LocalHouse, openHouse } from '../local/house.ts'
import { pressButton } from '../local/person.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { promote, registerVersion, uploadDataset } from '../local/scenario.ts'
import { fixedSecrets } from '../local/secrets/local-secrets.ts'
import { openStores } from '../local/stores.ts'
import { ms, quantiles, timed } from './figures.ts'
import { aliasSet, policyOf, promoted, uploaded } from './town.ts'

const EVENTS = 100
/** Of each event one, of a dataset and of a model. */
const RUNS = 2 * EVENTS
/** Reconcile looks at every run in flight each time. */
const HEALINGS = 10

/** Ledger round trips and warm time of one call of each door, on the ledger in SQLite. `carry-out` runs until it asks. */
export const doorCosts = async (): Promise<string[]> => {
  const { house, person, trips, close } = await openCounted()
  const measured = async (name: string, one: (n: number) => Promise<unknown>, rounds = EVENTS): Promise<string> => {
    const times: number[] = []
    const before = trips()
    for (let n = 0; n < rounds; n++) times.push(await timed(() => one(n)))
    // The first calls of a process compile.
    const { p50, p99 } = quantiles(times.slice(rounds / 10))
    const each = (trips() - before) / rounds
    return `door ${name}: ${each.toFixed(1)} ledger round trips, warm p50 ${ms(p50)}, p99 ${ms(p99)}`
  }
  const { ports } = house
  await prepared(house)
  const lines = [
    await measured('dataset-uploaded, new', (n) => house.deliver(uploaded(`d-${n}`))),
    await measured('dataset-uploaded, again', (n) => house.deliver(uploaded(`d-${n}`))),
    await measured('registry-webhook', (n) => delivered(house, n)),
    await measured('model-promoted, new', (n) => modelPromoted.handler(ports)(promoted(`m-d-${n}`))),
    await measured('model-promoted, again', (n) => modelPromoted.handler(ports)(promoted(`m-d-${n}`))),
  ]
  const began = trips()
  const whole = await timed(() => house.advance())
  const questions = await person.ports.ledger.list('answer')
  const perRun = (trips() - began) / RUNS
  lines.push(
    `door carry-out, to its question: ${perRun.toFixed(1)} ledger round trips, mean ${ms(whole / RUNS)}`,
    await measured('slack-interaction, an answer', (n) => answered(person, questions[n]?.id ?? '')),
    await measured('slack-interaction, nothing open', () => answered(person, 'no-such-question')),
    await measured(`reconcile, ${RUNS} runs in flight`, () => reconcile.handler(ports)({}), HEALINGS),
    await measured('watch, begun and stopped', async () => {
      await isAnythingInFlight(ports)
      const { stop } = await watch.handler(ports)({ onError: console.error, track: () => undefined })
      stop()
    }),
  )
  await close()
  return lines
}

/** A house whose ledger counts what it is asked, and a person in it whose own reading is not counted. */
const openCounted = async () => {
  let trips = 0
  let plain: Ledger | null = null
  const counted = (ledger: Ledger): Ledger =>
    new Proxy(ledger, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...values: unknown[]) => unknown
        return (...values: unknown[]) => {
          trips++
          return member.apply(target, values)
        }
      },
    })
  const stores = openStores(null)
  const policy = policyOf(EVENTS)
  const house = await openHouse({
    stores,
    clock: virtualClock(Date.UTC(2026, 10, 23, 12)),
    policies: fixedPolicies(parsePolicy({ ...policy, approvals: { ...policy.approvals, autoApproveBelow: 0 } })),
    secrets: fixedSecrets({ 'mlflow-webhook': 'a', 'slack-signing': 'b', token: 'c' }),
    wrap: (ports) => {
      plain = ports.ledger
      return { ...ports, ledger: counted(ports.ledger) }
    },
  })
  const person: LocalHouse = { ...house, ports: { ...house.ports, ledger: plain ?? house.ports.ledger } }
  const close = async (): Promise<void> => {
    await house.close()
    stores.close()
  }
  return { house, person, trips: () => trips, close }
}

/** Datasets to be announced, and versions that are promoted. */
const prepared = async (house: LocalHouse): Promise<void> => {
  for (let n = 0; n < EVENTS; n++) {
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `d-${n}/`, rows: ['{}'] })
    await promote(house, `m-d-${n}`, await registerVersion(house, { model: `m-d-${n}` }))
  }
}

const delivered = (house: LocalHouse, n: number): Promise<unknown> => {
  const body = Buffer.from(JSON.stringify(aliasSet('no-such-model')))
  const headers = signMlflow({ secret: 'a', body, now: house.clock.now(), deliveryId: `d-${n}` })
  return house.webhook('mlflow', { headers, body })
}

const answered = (person: LocalHouse, question: string): Promise<unknown> =>
  pressButton(person, question, { by: 'T0SIGNAL/U0APPROVER', verdict: 'approve', reason: null })
