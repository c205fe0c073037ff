import type { KubeObject } from '../../core/kube.ts'
import type { Resized } from '../../core/lane/ceilings.ts'
import type { Policy } from '../../core/policy.ts'
import { ownOf } from '../../core/pools/ceiling.ts'
import { countsIn } from '../../core/pools/counts.ts'
import { ceilingObject, isSetByLane, limitOf, whyNotSet } from '../../core/pools/node-pool.ts'
import type { WorkPorts } from '../ports.ts'
import { apply, refusalOf } from './steps/applied.ts'

interface Setting {
  name: string
  policy: Policy
  gpus: number
  fence: number
}

/**
 * Sets the limit of a pool's NodePool by an apply of its own manager, with a fence, unless it is so already; and reads back that it is. It
 * is a ceiling: no node or pod is touched. In shadow nothing is set, and what its lane had set goes back to the pool's own.
 */
export const setCeiling = async ({ cluster }: Pick<WorkPorts, 'cluster'>, setting: Setting): Promise<Resized> => {
  const { name, policy, gpus } = setting
  const rule = policy.pools[name]
  const found = (await cluster.get({ kind: 'NodePool', namespace: null, name })) as KubeObject<'NodePool'> | null
  const why = whyNotSet(found, policy)
  if (rule?.mode === 'shadow') {
    const isOurs = found !== null && why === null && isSetByLane(found)
    return inShadow(name, isOurs ? await limited({ cluster }, found, { ...setting, gpus: ownOf(rule) }) : null)
  }
  if (found === null || why !== null) return { kind: 'not', why: why ?? '', theirs: true }
  return limited({ cluster }, found, { ...setting, gpus })
}

/** What is said of a pool in shadow; `back`: what setting back came to, where its lane had set it. */
const inShadow = (name: string, back: Resized | null): Resized => {
  const why = `pools.${name} is in shadow`
  if (back === null) return { kind: 'not', why }
  return back.kind === 'set' ? { kind: 'not', why, back } : { ...back, why: `${why}, and is not set back: ${back.why}` }
}

const limited = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  found: KubeObject<'NodePool'>,
  { name, gpus, fence }: Setting,
): Promise<Resized> => {
  const was = limitOf(found)
  if (was === gpus) return { kind: 'set', was }
  const object = ceilingObject(name, gpus, countsIn(found))
  const answer = await apply({ ports: { cluster }, mark: { fence } }, object, 'signalbox-ceiling')
  if (answer.kind !== 'applied') {
    const refusal = refusalOf(object, answer)
    return { kind: 'not', why: refusal?.kind === 'failed' ? refusal.note : 'it was not taken' }
  }
  const stands = limitOf(answer.object as KubeObject<'NodePool'>)
  if (stands === gpus) return { kind: 'set', was }
  return {
    kind: 'not',
    why: `something in the API server’s way makes it ${stands ?? 'no limit'}: look at its webhooks`,
  }
}
