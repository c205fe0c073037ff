import { setTimeout as pause } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Policy } from '../../../core/policy.ts'
import { durableHandler } from '../../../effects/workflow/durable-context.ts'
import { door as carryOut } from '../../../functions/carry-out.ts'
import { openRealCluster } from '../../../local/cluster/real-cluster.ts'
import { keepGoing } from '../../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../../local/house.ts'
import { fixedPolicies } from '../../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../../local/secrets/local-secrets.ts'
import { openStores, type Stores } from '../../../local/stores.ts'
import { type Death, mortal } from '../../faults/crashing.ts'
import { type AwsTown, FUNCTION, SECRETS } from './aws-town.ts'

const quiet = (): void => undefined

interface Given {
  town: AwsTown
  policy: Policy
  kubeconfig: () => KubeConfig
  random: () => number
  /** How often it dies before it may live on. */
  deaths: number
}

interface Life {
  house: LocalHouse
  stop: () => Promise<void>
  life: { dead: boolean }
}

const openOver = (
  { town, policy, kubeconfig, stores }: Given & { stores: Stores },
  wrap: ReturnType<typeof mortal>['wrap'],
): Promise<LocalHouse> =>
  openHouse({
    stores,
    clock: town.clock,
    registry: town.registry,
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({ ...SECRETS, token: 't' }),
    wrap: (ports) => wrap(town.over(ports)),
    openCluster: () =>
      openRealCluster({
        config: kubeconfig(),
        clock: town.clock,
        installation: policy.installation,
        namespaces: [...new Set(Object.values(policy.namespaces))],
        minute: 100,
        onError: quiet,
        objects: { ...town.objects, write: town.put },
      }),
    onError: quiet,
  })

/**
 * A house over the effects of AWS that dies at seeded calls of its ports: doors, watch and the function that carries out
 * die together. Lambda outlives it, and invokes again what was under way once another process is there.
 */
export const openMortalHouse = async (given: Given) => {
  const { town, random } = given
  // The bus alone is still of this machine; what it keeps outlives a death.
  const stores = openStores(null)
  let alive: Life
  let deaths = 0
  let over = false
  const failures: string[] = []
  const carrying = town.lambda.serve({
    ...FUNCTION,
    clock: town.clock,
    handler: durableHandler((context, run) => carryOut.handler(alive.house.ports)({ context, run })),
    onError: (_, error) => void failures.push(String(error)),
  })
  const nextDeath = (): Death | null =>
    deaths < given.deaths ? { at: 5 + Math.floor(random() * 60), when: random() < 0.5 ? 'before' : 'after' } : null
  const invoking = new Set<Promise<void>>()
  const keepInvoking = async (life: Life['life']): Promise<void> => {
    for (; !over && !life.dead; await pause(10)) await carrying.advance(town.clock.now())
  }
  const open = async (): Promise<void> => {
    let opened: LocalHouse | null = null
    const { wrap, life } = mortal(nextDeath(), () => {
      deaths++
      // At once: nothing that was under way may write another word.
      carrying.die()
      void opened?.close()
    })
    const house = await openOver({ ...given, stores }, wrap)
    opened = house
    const stop = keepGoing({ ...house, scanUploads: async () => undefined }, { speed: 1, onError: quiet })
    alive = { house, stop, life }
    carrying.revive()
    invoking.add(keepInvoking(life))
  }
  const openAgain = async (): Promise<void> => {
    while (
      !(await open().then(
        () => true,
        () => false,
      ))
    );
  }
  await openAgain()
  return {
    house: (): LocalHouse => alive.house,
    deaths: (): number => deaths,
    /** What invocations threw, and how executions failed. */
    failures,
    /** Opens it again if it has died. */
    revive: async () => {
      if (!alive.life.dead) return
      await alive.stop()
      await openAgain()
    },
    close: async () => {
      over = true
      carrying.die()
      await Promise.all(invoking)
      await alive.stop()
      await alive.house.close()
      stores.close()
    },
  }
}
