import type { KubeObject } from '../../core/kube.ts'
import type { Resized } from '../../core/lane/ceilings.ts'
import type { Policy } from '../../core/policy.ts'
import { ceilingObject, limitOf, whyNotSet } from '../../core/pools/node-pool.ts'
import type { WorkPorts } from '../ports.ts'
import { apply, refusalOf } from './steps/applied.ts'

/**
 * Sets the limit of a pool's NodePool by an apply of its own manager, with a fence, unless it is so already; and reads back that it is. It
 * is a ceiling: no node or pod is touched.
 */
export const setCeiling = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { name, policy, gpus, fence }: { name: string; policy: Policy; gpus: number; fence: number },
): Promise<Resized> => {
  // Nothing of it is touched, nor asked.
  if (policy.pools[name]?.mode === 'shadow') return { kind: 'not', why: `pools.${name} is in shadow` }
  const found = (await cluster.get({ kind: 'NodePool', namespace: null, name })) as KubeObject<'NodePool'> | null
  const why = whyNotSet(found, policy)
  if (found === null || why !== null) return { kind: 'not', why: why ?? '', theirs: true }
  const was = limitOf(found)
  if (was === gpus) return { kind: 'set', was }
  const object = ceilingObject(name, gpus)
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
