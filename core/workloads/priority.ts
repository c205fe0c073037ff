import type { KubeObject } from '../kube.ts'
import { type Identity, label } from '../names.ts'

/**
 * Above what pods have that name no class, and below what clusters keep for what they cannot do without: those begin at a million.
 * Kubernetes lets it change no more once it is there.
 */
export const SERVING_PRIORITY = 100_000

/** What the class of an installation's servers is called. */
export const servingClassName = ({ installation }: Pick<Identity, 'installation'>): string =>
  `signalbox-${installation}-serving`

/**
 * The class of what serves: of those that wait for a GPU it gets the next one that is free, and it takes nobody's place, since no plan
 * of ours ends what another runs.
 */
export const servingClass = (identity: Pick<Identity, 'installation'>): KubeObject<'PriorityClass'> => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: {
    name: servingClassName(identity),
    labels: { [label('installation')]: identity.installation },
  },
  value: SERVING_PRIORITY,
  preemptionPolicy: 'Never',
  globalDefault: false,
  description: 'Servers of Signalbox: before others where a GPU comes free, in nobody’s place.',
})
