import middy from '@middy/core'
import type { KubernetesRight } from '../core/bootstrap/rights.ts'
import type { Contract } from '../events/contract.ts'
import type { Ports } from '../flows/ports.ts'
import { type Became, type Intending, type ReactPorts, react } from '../flows/react.ts'
import { refuseInput } from '../flows/refuse.ts'
import { AWS, type AwsRight } from './rights.ts'

/** What wakes a door. `infra/` deploys it, the local product imitates it. */
export type Trigger =
  | { kind: 'bus'; contract: Contract<unknown> }
  | { kind: 'http'; method: 'POST'; route: string }
  | { kind: 'schedule'; every: string }
  | { kind: 'workflow' }

/**
 * A Lambda entry as one value: what wakes it, the ports and rights that it needs, and its handler made from ports. The
 * AWS binding and the local routes each supply the ports.
 */
export interface Door<P extends keyof Ports, E, R> {
  name: string
  trigger: Trigger
  ports: readonly P[]
  kubernetes: readonly KubernetesRight[]
  /** What its role allows in AWS. */
  aws: readonly AwsRight[]
  handler(ports: Pick<Ports, P>): (event: E) => Promise<R>
}

/** Gives a door its types. */
export const defineDoor = <P extends keyof Ports, E, R>(door: Door<P, E, R>): Door<P, E, R> => door

/** A door's handler in the middy chain: one chain for every door that Lambda calls. */
export const chain = <E, R>(work: (event: E) => Promise<R>): ((event: E) => Promise<R>) => {
  const handler = middy<E, R>().handler((event) => work(event))
  return (event) => handler(event, {} as never, undefined as never) as Promise<R>
}

/** What an event from a bus became, also when it was none. */
export type Answer = Became | { kind: 'refused'; lane: null; reason: string; detail: string }

/** Every bus door that intends does this: parse, refuse with a reason, or react. */
export const reacting =
  <E extends Intending>(contract: Contract<E>) =>
  (ports: ReactPorts): ((event: unknown) => Promise<Answer>) =>
    chain(async (input: unknown) => {
      const parsed = contract.parse(input)
      if (parsed.ok) return react(ports, parsed.event)
      await refuseInput(ports, { source: contract.name, reason: parsed.reason, detail: parsed.detail })
      return { kind: 'refused', lane: null, reason: parsed.reason, detail: parsed.detail }
    })

/** The ports that reacting needs. */
export const REACT_PORTS = ['ledger', 'objects', 'registry', 'cluster', 'policies', 'workflow', 'clock'] as const

/** What reacting asks of AWS. */
export const REACT_AWS: readonly AwsRight[] = [
  ...AWS.ledger,
  ...AWS.policies,
  ...AWS.datasets,
  ...AWS.registry,
  ...AWS.workflow,
]

/** What planning on paper reads. */
export const OBSERVE_RIGHTS: readonly KubernetesRight[] = [
  { group: '', resource: 'pods', verbs: ['list'], everywhere: true },
  { group: '', resource: 'nodes', verbs: ['list'], everywhere: true },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['list'] },
  { group: 'apps', resource: 'deployments', verbs: ['list'] },
  { group: 'karpenter.sh', resource: 'nodepools', verbs: ['list'], everywhere: true },
]
