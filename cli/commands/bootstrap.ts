import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { namedClasses } from '../../core/bootstrap/node-classes.ts'
import { EC2_NODE_CLASS, type NodeClass } from '../../core/bootstrap/node-pools.ts'
import { parsePolicy } from '../../core/policy.ts'
import {
  applyManifest,
  compareManifest,
  compareNodeClass,
  type Difference,
  leftBefore,
  othersAmong,
} from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { clusterDoors } from '../../local/doors.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'
import { namedCluster, type OnCluster } from './kubeconfig.ts'

export interface BootstrapFlags extends OnCluster {
  config: string
  nodeClass?: string
  diff?: boolean
  apply?: boolean
}

/**
 * What a cluster needs of Signalbox: printed for `kubectl apply`, compared with a cluster, or applied to it. Node classes of the user's
 * are compared with the policy, and never written.
 */
export const bootstrap = async (flags: BootstrapFlags, output: Output): Promise<number> => {
  const { diff, apply } = flags
  if (diff && apply) throw new Explained('--diff or --apply: one of them', EXIT.usage)
  const policy = parsePolicy(await readConfig(flags.config))
  const nodeClass = givenClass(flags.nodeClass)
  const manifests = bootstrapManifests(policy, clusterDoors, nodeClass)
  if (!diff && !apply) {
    output.out(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }, null, 2))
    return EXIT.ok
  }
  const requests = await reach(flags)
  try {
    // Before anything is written: a door of ours gets no rights in what is another's.
    const others = apply ? await othersAmong(requests, manifests) : []
    if (others.length > 0) {
      tell(others, false, output)
      return EXIT.failed
    }
    const found: Difference[] = []
    for (const manifest of manifests)
      found.push(await (apply ? applyManifest(requests, manifest) : compareManifest(requests, manifest, manifests)))
    for (const named of namedClasses(policy, nodeClass)) {
      const compared = await compareNodeClass(requests, named)
      if (compared !== null) found.push(compared)
    }
    found.push(...(await leftBefore(requests, policy)))
    tell(found, apply === true, output)
    return found.some(({ state }) => state === 'refused' || state === 'unfit') ? EXIT.failed : EXIT.ok
  } finally {
    await requests.close()
  }
}

const reach = async (flags: BootstrapFlags): Promise<Requests> => {
  const config = namedCluster(flags)
  try {
    return await openRequests(config, { tries: 2 })
  } catch (error) {
    throw new Explained(error instanceof Error ? error.message : String(error))
  }
}

/** A name, or `group/kind/name` where nodes are not Karpenter's on AWS. Null: what the policy says. */
const givenClass = (text: string | undefined): NodeClass | null => {
  if (text === undefined) return null
  const [group, kind, name, more] = text.split('/')
  if (kind === undefined) return { ...EC2_NODE_CLASS, name: text }
  if (!group || !kind || !name || more !== undefined)
    throw new Explained('--node-class is a name, or group/kind/name', EXIT.usage)
  return { group, kind, name }
}

const WORDS = {
  diff: {
    missing: 'would be made',
    changed: 'would change',
    same: 'as it should be',
    refused: 'REFUSED',
    unfit: 'UNFIT',
    left: 'LEFT OVER',
  },
  apply: {
    missing: 'made',
    changed: 'applied',
    same: 'as it should be',
    refused: 'REFUSED',
    unfit: 'UNFIT',
    left: 'LEFT OVER',
  },
}

const tell = (found: Difference[], applied: boolean, output: Output): void => {
  const words = WORDS[applied ? 'apply' : 'diff']
  const rows = found.map(({ manifest, state, detail, drift, warnings = [] }) => {
    const { name, namespace } = manifest.metadata
    const told = [
      ...detail,
      ...(drift === undefined ? [] : [drift]),
      ...warnings.map((warning) => `the API server warns: ${warning}`),
    ].join('; ')
    return [words[state], manifest.kind, namespace === undefined ? name : `${namespace}/${name}`, told]
  })
  const objects = found.map(({ manifest, state, detail, drift = null, warnings = [] }) => {
    const { name, namespace = null } = manifest.metadata
    return { kind: manifest.kind, namespace, name, state, detail, drift, warnings }
  })
  show(output, { applied, objects }, columns(rows))
}
