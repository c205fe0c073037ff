import type { KubeObject, ObjectRef } from '../../core/kube.ts'
import type { WorkPorts } from '../ports.ts'

/** Kubernetes' own label of a Job's pods. */
const JOB_NAME = 'batch.kubernetes.io/job-name'

/** A Job's pods, also those that have ended. */
export const podsOf = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { namespace, name }: ObjectRef,
  { fresh }: { fresh: boolean },
): Promise<KubeObject<'Pod'>[]> =>
  (await cluster.list('Pod', {
    fresh,
    ...(namespace === null ? {} : { namespace }),
    labels: { [JOB_NAME]: name },
  })) as KubeObject<'Pod'>[]

export const isAlive = ({ status }: KubeObject<'Pod'>): boolean =>
  status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
