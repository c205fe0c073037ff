import { label } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { Manifest } from './manifest.ts'
import { type KubernetesRight, rolesOf } from './rights.ts'

/** People who work on the cluster. What they decide they say in the channel or on the command line, as the policy lets them: no right here is for that. */
export type People = 'viewers' | 'operators'

/** The Kubernetes group that people are put into, by access entries or however the cluster knows them. It is none of a door's, which admission looks at. */
export const groupOfPeople = ({ installation }: Pick<Policy, 'installation'>, people: People): string =>
  `signalbox-people:${installation}:${people}`

const SEE = ['get', 'list', 'watch'] as const
const seen = (group: string, ...resources: string[]): KubernetesRight[] =>
  resources.map((resource) => ({ group, resource, verbs: SEE }))

const everywhere = (right: KubernetesRight): KubernetesRight => ({ ...right, everywhere: true })

/**
 * Who looks sees what runs and why it does not, and neither Secrets, nor what programs print, which may be anybody's data. Who operates reads
 * that too, and may have a pod made anew; Jobs and Deployments are ended and changed by Signalbox, which people tell so.
 */
const RIGHTS: Readonly<Record<People, readonly KubernetesRight[]>> = {
  viewers: [
    ...seen('batch', 'jobs'),
    ...seen('apps', 'deployments', 'replicasets'),
    ...seen('', 'pods', 'services', 'events'),
    ...seen('policy', 'poddisruptionbudgets'),
    { group: '', resource: 'configmaps', verbs: ['get'], names: ['signalbox'] },
    ...seen('karpenter.sh', 'nodepools', 'nodeclaims').map(everywhere),
    ...seen('', 'nodes').map(everywhere),
  ],
  operators: [
    { group: '', resource: 'pods/log', verbs: ['get'] },
    { group: '', resource: 'pods', verbs: ['delete'] },
  ],
}

/** Roles of people, with what binds them to their groups: who operates looks, too. */
export const peopleManifests = (policy: Pick<Policy, 'installation' | 'namespaces'>): Manifest[] => {
  const namespaces = [...new Set(Object.values(policy.namespaces))]
  const labels = { [label('installation')]: policy.installation, [label('pack')]: 'access' }
  const rolesFor = (people: People, ...groups: People[]): Manifest[] => {
    const bound = groups.map((group) => groupOfPeople(policy, group))
    return rolesOf(policy, { name: `people-${people}`, kubernetes: RIGHTS[people], groups: bound }, namespaces)
  }
  return [...rolesFor('viewers', 'viewers', 'operators'), ...rolesFor('operators', 'operators')].map((manifest) => ({
    ...manifest,
    metadata: { ...manifest.metadata, labels },
  }))
}
