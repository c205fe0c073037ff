import { parsePolicy } from '../core/policy.ts'
import type { Ledger, Ports } from '../flows/ports.ts'
import { signMlflow } from '../functions/signatures.ts'
import { virtualClock } from '../local/clock.ts'
import { openHouse } from '../local/house.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { uploadDataset } from '../local/scenario.ts'
import { fixedSecrets } from '../local/secrets/local-secrets.ts'
import { openStores } from '../local/stores.ts'
import { ms, quantiles, timed } from './figures.ts'
import { policyOf, uploaded } from './town.ts'

const EVENTS = 200

/** Ledger round trips and warm time of what each event costs at its door; the workflow that it starts is not in it. */
export const doorCosts = async (): Promise<string[]> => {
  let trips = 0
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
  const clock = virtualClock(Date.UTC(2026, 10, 23, 12))
  const house = await openHouse({
    stores,
    clock,
    policies: fixedPolicies(parsePolicy(policyOf(EVENTS))),
    secrets: fixedSecrets({ 'mlflow-webhook': 'a', 'slack-signing': 'b', token: 'c' }),
    wrap: (ports: Ports) => ({ ...ports, ledger: counted(ports.ledger) }),
  })
  const measured = async (name: string, one: (n: number) => Promise<unknown>): Promise<string> => {
    const [times, before] = [[] as number[], trips]
    for (let n = 0; n < EVENTS; n++) times.push(await timed(() => one(n)))
    const { p50, p99 } = quantiles(times)
    return `${name}: ${((trips - before) / EVENTS).toFixed(1)} ledger round trips, warm p50 ${ms(p50)}, p99 ${ms(p99)}`
  }
  for (let n = 0; n < EVENTS; n++)
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `d-${n}/`, rows: ['{}'] })
  const alias = JSON.stringify({
    entity: 'model_version_alias',
    action: 'created',
    timestamp: '2026-11-23T12:00:00+00:00',
    data: { name: 'm', alias: 'champion', version: '1' },
  })
  const body = Buffer.from(alias)
  const lines = [
    await measured('dataset-uploaded, new', (n) => house.deliver(uploaded(`d-${n}`))),
    await measured('dataset-uploaded, again', (n) => house.deliver(uploaded(`d-${n}`))),
    await measured('registry-webhook', (n) => {
      const headers = signMlflow({ secret: 'a', body, now: clock.now(), deliveryId: `d-${n}` })
      return house.webhook('mlflow', { headers, body })
    }),
    await measured('slack-interaction, nothing open', () =>
      house.answer('no-such-question', { by: 'T0SIGNAL/U0APPROVER', verdict: 'approve', reason: null }),
    ),
  ]
  await house.close()
  stores.close()
  return lines.map((line) => `door ${line}`)
}
