import type { PodAccount } from '../core/workloads/accounts.ts'
import type { PolicyFacts } from './policy.ts'

/** Actions on what S3 knows by `<bucket>` or `<bucket>/<key>`. */
export interface PodRight {
  actions: string[]
  on: string[]
}

/**
 * What the pods of an account do in S3, and nothing else. A Job writes below its own name, which begins with the kind of
 * its lane: so a server that clients talk to can replace neither weights nor what a training has measured, and a training
 * not what a gate has. Listing is what tools ask that download a folder; without it S3 says 403 of what is not there.
 */
export const podRights = (of: PodAccount['of'], policy: PolicyFacts): PodRight[] => {
  const { datasetBuckets, resultsBucket, resultsPrefix } = policy
  const read: PodRight[] = [
    { actions: ['s3:ListBucket'], on: [resultsBucket] },
    { actions: ['s3:GetObject'], on: [`${resultsBucket}/*`] },
  ]
  const written = `${resultsBucket}/${resultsPrefix}`
  if (of === 'serving') return [...read, { actions: ['s3:PutObject'], on: [`${written}service-*/result.json`] }]
  return [
    { actions: ['s3:ListBucket'], on: datasetBuckets },
    // A manifest may name the version of an object.
    { actions: ['s3:GetObject', 's3:GetObjectVersion'], on: datasetBuckets.map((bucket) => `${bucket}/*`) },
    ...read,
    { actions: ['s3:PutObject'], on: [`${written}pipeline-*`] },
  ].filter(({ on }) => on.length > 0)
}
