import { DatabaseSync } from 'node:sqlite'
import type { KubeObject } from '../core/kube.ts'
import { parsePolicy } from '../core/policy.ts'
import { SELF } from '../core/rows.ts'
import type { Ledger } from '../flows/ledger-port.ts'
import { meter } from '../flows/meter.ts'
import type { Ports } from '../flows/ports.ts'
import { openLedger } from '../local/ledger/sqlite-ledger.ts'
import { fixedPolicies } from '../local/policies/file-policies.ts'
import { counting } from './counting.ts'
import { policyOf } from './town.ts'

const NODES = 1000
const HOUR = 3_600_000
const BEGIN = Date.UTC(2026, 10, 23, 12)
const LEDGER = 'feedfacecafe'

const wire = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

/** A node with a pod of ours on all of its GPUs, as its NodeClaim, its Node and the pod. */
const objectsOf = (n: number): { NodeClaim: object; Node: object; Pod: object } => {
  const [name, providerID] = [`gpu-train-${n}`, `aws:///us-east-1a/i-${String(n).padStart(17, '0')}`]
  const labels = {
    'karpenter.sh/nodepool': 'gpu-train',
    'karpenter.sh/capacity-type': 'on-demand',
    'node.kubernetes.io/instance-type': 'p5.48xlarge',
  }
  const ours = { installation: 'signalbox', ledger: LEDGER, lane: `pipeline.d-${n % 50}` }
  const capacity = { 'nvidia.com/gpu': '8' }
  const said = (type: string) => [{ type, status: 'True', lastTransitionTime: wire(BEGIN) }]
  return {
    NodeClaim: {
      metadata: { name, uid: `c${n}`, labels },
      status: { providerID, nodeName: name, capacity, conditions: said('Launched') },
    },
    Node: { metadata: { name, uid: `n${n}`, labels }, spec: { providerID }, status: { capacity } },
    Pod: {
      metadata: {
        name: `p${n}`,
        uid: `p${n}`,
        namespace: 'training',
        labels: Object.fromEntries(Object.entries(ours).map(([key, value]) => [`signalbox.dev/${key}`, value])),
      },
      spec: { nodeName: name, containers: [{ name: 'c', resources: { limits: capacity } }] },
      status: { phase: 'Running', conditions: said('PodScheduled') },
    },
  }
}

/** Bytes that a ledger reads and writes, as JSON. */
const weighed = (ledger: Ledger): { ledger: Ledger; since(): string } => {
  let [read, written] = [0, 0]
  const count = <T>(rows: T): T => {
    read += JSON.stringify(rows).length
    return rows
  }
  return {
    ledger: {
      ...ledger,
      read: async (keys) => count(await ledger.read(keys)),
      list: async (kind, page) => count(await ledger.list(kind, page)),
      commit: async (writes) => {
        for (const write of writes) if ('put' in write) written += JSON.stringify(write.value).length
        return ledger.commit(writes)
      },
    },
    since: () => {
      const text = `${Math.round(read / 1000)} KB read, ${Math.round(written / 1000)} KB written`
      ;[read, written] = [0, 0]
      return text
    },
  }
}

/** What a look of the meter costs with a thousand nodes up: the first one, one that sees nothing new, one of ten changes, one of a new day. */
export const metering = async (): Promise<string[]> => {
  const counted = counting()
  const { ledger, since } = weighed(openLedger(new DatabaseSync(':memory:')))
  await ledger.commit([{ put: 'identity', id: SELF, revision: 0, value: { ledger: LEDGER, at: BEGIN, fenceFrom: 0 } }])
  let now = BEGIN + HOUR
  let objects = Array.from({ length: NODES }, (_, n) => objectsOf(n))
  const list = async (kind: string, { labels = {} } = {}) =>
    (objects.map((one) => one[kind as 'Pod']) as KubeObject[]).filter(({ metadata }) =>
      Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
    )
  const ports = counted.wrap({
    ledger,
    cluster: { list },
    policies: fixedPolicies(parsePolicy(policyOf(1))),
    clock: { now: () => now },
  } as unknown as Ports)
  const lines: string[] = []
  const look = async (what: string, after: number): Promise<void> => {
    now += after
    since()
    counted.since()
    const begun = performance.now()
    await meter(ports)
    const { total, text } = counted.since()
    const ms = performance.now() - begun
    lines.push(`the meter, ${NODES} nodes, ${what}: ${total} calls (${text}), ${since()}, ${ms.toFixed(0)} ms`)
  }
  await look('first look', 0)
  await look('nothing new', 60_000)
  objects = [...objects.slice(10), ...Array.from({ length: 10 }, (_, n) => objectsOf(NODES + n))]
  await look('10 gone and 10 new', 60_000)
  await look('the first of a day', 12 * HOUR)
  return lines
}
