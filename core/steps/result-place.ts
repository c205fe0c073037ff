import type { KubeObject } from '../kube.ts'
import type { Made } from '../lane/made.ts'
import { isPodOfJob } from '../names.ts'
import type { LaunchJobStep } from '../plan.ts'
import type { ResultRow } from '../rows.ts'
import { POD_NAME } from '../workloads/pod-environment.ts'

/** Where something lies. */
export type Place = Made['result']

/** A result as it was read: of which file or message, where that lies, and what its artifacts were then. */
export interface ResultRead extends Pick<ResultRow, 'etag' | 'by' | 'pins'> {
  at: Place
}

/** What a program writes last. */
const FILE = 'result.json'

/**
 * Where a Job writes its result: what the folders of its pods begin with, since each pod may write below its own name alone (law
 * 16). A Job that an earlier release has made writes one file below its own name.
 */
export const resultPlace = ({ results, job }: LaunchJobStep, jobName: string): Place => ({
  bucket: results.bucket,
  key: writesByPod(job) ? `${results.prefix}${jobName}-` : `${results.prefix}${jobName}/${FILE}`,
})

const writesByPod = ({ spec }: KubeObject<'Job'>): boolean =>
  spec?.template.spec?.containers.some(({ env = [] }) => env.some(({ name }) => name === POD_NAME)) ?? false

/** Whether it is a file, and not what folders of pods begin with. */
export const isFile = ({ key }: Place): boolean => key.endsWith(`/${FILE}`)

/** The result of one pod of a Job. */
export const resultOfPod = ({ bucket, key }: Place, jobName: string, pod: string): Place => ({
  bucket,
  key: `${key.slice(0, key.length - jobName.length - 1)}${pod}/${FILE}`,
})

/** The pod whose folder a key lies in, where it is one of the Job: only a pod of that name can have written there. */
export const podOfKey = ({ key: start }: Place, jobName: string, key: string): string | null => {
  const pod = folderOfKey(start, key).slice(start.length - jobName.length - 1)
  return key.startsWith(start) && isPodOfJob(pod, jobName) ? pod : null
}

/** The folder that a key lies in, among those that begin so. */
export const folderOfKey = (start: string, key: string): string => {
  const end = key.indexOf('/', start.length)
  return end === -1 ? key : key.slice(0, end)
}
