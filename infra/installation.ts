import type { App } from 'aws-cdk-lib'
import { checkInstallation } from './naming.ts'
import { type PolicyFacts, policyFacts } from './policy.ts'
import { type Settings, settingsFrom } from './settings.ts'
import { AccessStack } from './stacks/access.ts'
import { ControlStack } from './stacks/control.ts'
import { MoneyStack } from './stacks/money.ts'
import { NetworkStack } from './stacks/network.ts'
import { StateStack } from './stacks/state.ts'
import { WatchingStack } from './stacks/watching.ts'

/** The stacks of one installation. */
export interface Stacks {
  state: StateStack
  network: NetworkStack
  control: ControlStack
  access: AccessStack
  watching: WatchingStack
  /** Only where the settings want one. */
  money?: MoneyStack
}

const NO_ROLE =
  'signalbox.config.ts: `budget.lastResort` keeps Karpenter from launching GPU nodes, and cdk.json does not say whose role that is: put the name of its controller’s role under `signalbox.money.karpenterRole` (docs/deploy.md, Money)'

/** One installation: its stacks beside an existing cluster, in the order in which they are deployed. */
export const addInstallation = (
  app: App,
  dist: string,
): { settings: Settings; policy: PolicyFacts; stacks: Stacks } => {
  const settings: Settings = settingsFrom(app.node.tryGetContext('signalbox'))
  const policy = policyFacts(dist)
  const { account, region } = settings
  checkInstallation(policy.installation, region)
  const common = { env: { account, region }, settings, policy }
  const named = (what: string) => `${policy.installation}-${what}`
  const state = new StateStack(app, named('state'), { ...common, terminationProtection: true })
  const network = new NetworkStack(app, named('network'), common)
  const control = new ControlStack(app, named('control'), { ...common, dist, state, network })
  const access = new AccessStack(app, named('access'), { ...common, control })
  const watching = new WatchingStack(app, named('watching'), { ...common, state, control })
  const { money } = settings
  if (policy.budget.lastResort !== undefined && money?.karpenterRole === undefined) throw new Error(NO_ROLE)
  const stacks = { state, network, control, access, watching }
  if (money === undefined) return { settings, policy, stacks }
  return {
    settings,
    policy,
    stacks: { ...stacks, money: new MoneyStack(app, named('money'), { ...common, money, control, state }) },
  }
}
