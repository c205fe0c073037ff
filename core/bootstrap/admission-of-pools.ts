import { GPU } from '../kube.ts'
import { label } from '../names.ts'
import type { Policy } from '../policy.ts'
import { highestOf } from '../pools/ceiling.ts'
import { limitKey } from '../pools/counts.ts'
import { type Admission, isOurs, maySetUp, NODE_POOLS, stays, texts } from './admission-policy.ts'
import { groupOf } from './rights.ts'

/** Who sets how high a NodePool of ours goes, and how high a door may: one that was taken over raises none above what the policy allows. */
export const poolAdmission = (policy: Pick<Policy, 'installation' | 'pools'>): Admission[] => {
  const door = `request.userInfo.groups.exists(g, g.startsWith('${groupOf(policy, '')}'))`
  const setUp = maySetUp(policy, WHO)
  return [
    {
      name: 'ceilings',
      when: { ours: isOurs(policy, 'oldObject'), limits: `!(${LIMITS_STAY})` },
      rules: [{ operations: ['UPDATE'], ...NODE_POOLS }],
      validations: [{ ...setUp, expression: `(${MAY_USE}) || (${setUp.expression})` }],
    },
    {
      name: 'ceilings-by-door',
      when: { door },
      rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], ...NODE_POOLS }],
      validations: [
        {
          expression: `object != null && oldObject != null && (${isOurs(policy, 'oldObject')}) && ${onlyLimits(policy).join(' && ')}`,
          message: 'a door of Signalbox changes of its NodePools the limit of GPUs alone, and makes and deletes none',
        },
        {
          expression: `object == null || ${boundsOf(policy)}`,
          message:
            'a door of Signalbox sets no ceiling above what the policy allows that was bootstrapped: bootstrap again once it allows more',
        },
      ],
    },
  ]
}

const WHO =
  'how many GPUs a pool has is said by `maxGpus`, `hours` and leases of the pool in Signalbox’s policy: whoever else sets the limits of its NodePool'

/** Doors have it that see to ceilings, and cluster administrators. */
const MAY_USE = `authorizer.group('karpenter.sh').resource('nodepools').name(object.metadata.name).check('use').allowed()`

const LIMITS_STAY = stays('spec.limits', 'false')

/** All else stays as it is, but the fence of the ceiling's own manager. */
const onlyLimits = (policy: Pick<Policy, 'pools'>): string[] =>
  [
    stays('spec', `k == 'limits'`),
    `(${stays('spec.limits', `k == ${limitIn(policy)}`)})`,
    `(${stays('metadata.labels', 'false')})`,
    `(${stays('metadata.annotations', `k == '${label('fence-ceiling')}'`)})`,
  ].map((one) => `(${one})`)

/** What the NodePool is limited in: nodes, where they have no GPUs, and slices, where they share them. */
const limitIn = ({ pools }: Pick<Policy, 'pools'>): string => {
  const byKey = Map.groupBy(Object.keys(pools), (name) => limitKey(pools[name]))
  const others = [...byKey].filter(([key]) => key !== GPU)
  return others.reduceRight(
    (rest, [key, names]) => `(object.metadata.name in ${texts(names)} ? '${key}' : ${rest})`,
    `'${GPU}'`,
  )
}

/** The highest that hours and leases come to, by pool: a door sets a limit on these alone, and none higher. */
const boundsOf = ({ pools }: Pick<Policy, 'pools'>): string => {
  const allowed = Object.entries(pools).map(([name, pool]) => {
    const limit = `object.spec.limits['${limitKey(pool)}']`
    const most = highestOf(pool) + (pool.leases?.maxGpus ?? 0)
    return `(object.metadata.name == '${name}' && quantity(string(${limit})).compareTo(quantity('${most}')) <= 0)`
  })
  const named = `object.metadata.name in ${texts(Object.keys(pools))}`
  return allowed.length === 0
    ? 'false'
    : `(${named} && has(object.spec.limits) && ${limitIn({ pools })} in object.spec.limits && (${allowed.join(' || ')}))`
}
