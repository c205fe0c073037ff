import type { V1ServiceAccount } from '@kubernetes/client-node'
import type { Manifest } from './manifest.ts'

/**
 * What somebody has added to an account that pods of ours run as, each with the command that takes it off: applying takes away nothing
 * that it does not own, and what stands there comes into every pod. Of everything else what others add changes nothing of ours.
 */
export const addedTo = ({ kind, metadata }: Manifest, there: unknown): string[] => {
  if (kind !== 'ServiceAccount') return []
  const { metadata: said, secrets = [], imagePullSecrets = [] } = there as V1ServiceAccount
  const at = `kubectl -n ${metadata.namespace} `
  const off = (field: string): string =>
    `\`${at}patch serviceaccount ${metadata.name} --type=json -p '[{"op":"remove","path":"/${field}"}]'\``
  const annotations = Object.keys(said?.annotations ?? {}).filter((key) => key !== OF_KUBECTL)
  return [
    ...annotations.map(
      (key) =>
        `somebody has annotated it with ${key}, which may give its pods another role or keep their Secrets from them: \`${at}annotate serviceaccount ${metadata.name} ${key}-\``,
    ),
    ...(secrets.length === 0 ? [] : [`somebody has put ${namesOf(secrets)} on it as its Secrets: ${off('secrets')}`]),
    ...(imagePullSecrets.length === 0
      ? []
      : [
          `somebody has its pods pull their images with ${namesOf(imagePullSecrets)}, which is said in \`pod\` of the policy where it is meant: ${off('imagePullSecrets')}`,
        ]),
  ]
}

/** What `kubectl apply` of the printed list writes. */
const OF_KUBECTL = 'kubectl.kubernetes.io/last-applied-configuration'

const namesOf = (all: readonly { name?: string }[]): string => all.map(({ name = '' }) => name).join(', ')
