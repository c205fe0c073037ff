import { howToMake, type Named, namedInCluster } from '../../core/policy/cluster-names.ts'
import type { Policy } from '../../core/policy.ts'
import { counted } from '../../core/text.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { type Presence, presenceOf } from '../../effects/cluster/presence.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

/**
 * What the policy names in the cluster and is not there, each with the command that makes it: a pod that names such a thing is made
 * and never starts, once a person has approved it. Of Secrets, too, only the metadata is read.
 */
export const namesFindings = async (requests: Pick<Requests, 'send'>, policy: Policy): Promise<Finding[]> => {
  const all = namedInCluster(policy)
  const seen = await Promise.all(all.map(async (named) => ({ named, seen: await look(requests, named) })))
  const wrong = seen.flatMap(({ named, seen }) => findingOf(named, seen))
  return wrong.length > 0
    ? wrong
    : [
        {
          check: 'names in the cluster',
          ok: true,
          detail: `${counted(all.length, 'object')} of the policy: all are there`,
        },
      ]
}

type Seen = Presence | { kind: 'failed'; message: string }

const look = (requests: Pick<Requests, 'send'>, named: Named): Promise<Seen> =>
  presenceOf(requests, named).catch((error: unknown) => ({
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
  }))

const findingOf = (named: Named, seen: Seen): Finding[] => {
  const { kind, namespace, name, by } = named
  const detail = wrongOf(named, seen)
  const check = `${kind} ${name}${namespace === null ? '' : ` in ${namespace}`}`
  return detail === null ? [] : [{ check, ok: false, detail: `${detail} (named by ${by.join(', ')})` }]
}

/** What is wrong, and what to do; null: nothing. */
const wrongOf = (named: Named, seen: Seen): string | null => {
  switch (seen.kind) {
    case 'there':
      return null
    case 'absent':
      return `it is not there: ${howToMake(named)}`
    case 'unknown-kind':
      return `the cluster knows no ${named.kind}: install what brings it; then ${howToMake(named)}`
    case 'lacks':
      return `it has no key ${seen.keys.join(', ')}, only ${seen.has.join(', ') || 'none'}: \`kubectl -n ${named.namespace} edit ${named.kind.toLowerCase()} ${named.name}\``
    case 'denied':
      return 'you may not look for it: to look, you need the right to get it'
    case 'failed':
      return `it could not be looked for: ${seen.message}`
  }
}
