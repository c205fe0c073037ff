import { type Config, parsePolicy } from '../core/policy.ts'
import type { Ports } from '../flows/ports.ts'
import { type VirtualClock, virtualClock } from '../local/clock.ts'
import { type LocalHouse, openHouse } from '../local/house.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { fixedSecrets } from '../local/secrets/local-secrets.ts'
import { openStores } from '../local/stores.ts'
import example from '../test/example.ts'

/** A policy with so many pipelines and services, room for all of them, and nobody to ask. */
export const policyOf = (count: number): Config => {
  const names = Array.from({ length: count }, (_, index) => `d-${index}`)
  const chats = example.pipelines?.['support-chats']
  const llama = example.services?.['support-llama']
  const dataset = chats?.on.dataset
  if (chats === undefined || dataset === undefined || llama === undefined)
    throw new Error('the example policy has changed')
  const under = (prefix: string) => ({ ...chats, on: { dataset: { ...dataset, prefix } } })
  const pool = { ...example.pools['gpu-train'], instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 8 * 100_000 }
  return {
    ...example,
    budget: { name: 'bench', dollars: 1e12 },
    pools: { ...example.pools, 'gpu-train': pool },
    approvals: { ...example.approvals, autoApproveBelow: 1e12 },
    pipelines: Object.fromEntries(names.map((name) => [name, under(`${name}/`)])),
    services: Object.fromEntries(names.map((name) => [`m-${name}`, llama])),
  }
}

const TOKEN = 'c'
/** Of every house that is measured. */
export const secrets = fixedSecrets({
  'mlflow-webhook': 'a',
  'alert-webhook': 'test-alerts',
  'slack-signing': 'b',
  token: TOKEN,
})

/** One POST, by the token of such a house; rejects unless it is taken. */
export const post = async (url: string, body: unknown): Promise<void> => {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  await answer.text()
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
}

/** A house in memory on virtual time. */
export const openBench = async (
  count: number,
  wrap?: (ports: Ports) => Ports,
  config: Config = policyOf(count),
): Promise<{ house: LocalHouse; clock: VirtualClock; close(): Promise<void> }> => {
  const stores = openStores(null)
  const clock = virtualClock(Date.UTC(2026, 10, 23, 12))
  const house = await openHouse({ stores, policies: fixedPolicies(parsePolicy(config)), secrets, clock, wrap })
  return {
    house,
    clock,
    close: async () => {
      await house.close()
      stores.close()
    },
  }
}

/** The S3 event of a dataset's manifest. */
export const uploaded = (dataset: string) => ({
  version: '0',
  id: dataset,
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-23T12:00:00Z',
  detail: { bucket: { name: 'acme-datasets' }, object: { key: `${dataset}/manifest.json`, size: 9 } },
})

/** MLflow's webhook of an alias that was set. */
export const aliasSet = (model: string) => ({
  entity: 'model_version_alias',
  action: 'created',
  timestamp: '2026-11-23T12:00:00+00:00',
  data: { name: model, alias: 'champion', version: '1' },
})

/** The same on our bus. */
export const promoted = (model: string) => ({
  version: '0',
  id: model,
  source: 'signalbox.registry',
  'detail-type': 'Model Promotion Changed',
  time: '2026-11-23T12:00:00Z',
  detail: { ...aliasSet(model), deliveryId: model },
})
