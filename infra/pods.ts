import type { PodAccount } from '../core/workloads/accounts.ts'
import { REPORT } from '../events/drift-reported.ts'
import type { PolicyFacts } from './policy.ts'

/** Actions on what S3 knows by `<bucket>` or `<bucket>/<key>`. */
export interface PodRight {
  actions: string[]
  on: string[]
}

/**
 * The name of whichever pod asks, as EKS Pod Identity says it of the pod's session: neither the pod nor whoever copies its
 * credentials can say another. Where it is not said, a statement that names it allows nothing.
 */
// biome-ignore lint/suspicious/noTemplateCurlyInString: IAM reads it
export const POD = '${aws:PrincipalTag/kubernetes-pod-name}'

/**
 * What the pods of an account do in S3, and nothing else. A pod writes below its own name alone, so nobody writes another's result
 * or weights, but for reports of drift where a stage measures it; a check writes its one result, and a server, which clients talk to, nothing. Listing is what tools ask that
 * download a folder; without it S3 says 403 of what is not there.
 */
export const podRights = (of: PodAccount['of'], policy: PolicyFacts): PodRight[] => {
  const { datasetBuckets, resultsBucket, resultsPrefix, sources, runsOnVersions, reports } = policy
  const own = `${resultsBucket}/${resultsPrefix}${POD}`
  // What lies in the bucket of results is read already.
  const elsewhere = sources.filter(({ bucket }) => bucket !== resultsBucket)
  const read: PodRight[] = [
    { actions: ['s3:ListBucket'], on: [resultsBucket] },
    { actions: ['s3:GetObject', 's3:GetObjectVersion'], on: [`${resultsBucket}/*`] },
  ]
  const weights: PodRight[] = [
    { actions: ['s3:ListBucket'], on: [...new Set(elsewhere.map(({ bucket }) => bucket))] },
    { actions: ['s3:GetObject'], on: elsewhere.map(({ bucket, folder }) => `${bucket}/${folder}*`) },
  ]
  const rights: Record<PodAccount['of'], PodRight[]> = {
    training: [
      ...(runsOnVersions ? weights : []),
      { actions: ['s3:ListBucket'], on: datasetBuckets },
      // A manifest may name the version of an object.
      { actions: ['s3:GetObject', 's3:GetObjectVersion'], on: datasetBuckets.map((bucket) => `${bucket}/*`) },
      ...read,
      { actions: ['s3:PutObject'], on: [`${own}/*`] },
      // A report of drift, which is heard of, and nothing that begins anything else.
      { actions: ['s3:PutObject'], on: reports.map(({ bucket, prefix }) => `${bucket}/${prefix}*/${REPORT}`) },
    ],
    serving: [...read, ...weights],
    gate: [...read, { actions: ['s3:PutObject'], on: [`${own}/result.json`] }],
  }
  return rights[of].filter(({ on }) => on.length > 0)
}
