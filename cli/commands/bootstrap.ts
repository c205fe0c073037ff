import type { Command } from 'commander'
import { PLUGIN_NAMESPACE, sharingTexts } from '../../core/bootstrap/gpu-sharing.ts'
import type { Manifest } from '../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { namedClasses } from '../../core/bootstrap/node-classes.ts'
import { EC2_NODE_CLASS, type NodeClass } from '../../core/bootstrap/node-pools.ts'
import { crdOf, PACK_NAMES, packManifests } from '../../core/bootstrap/packs.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import {
  applyManifest,
  compareManifest,
  compareNodeClass,
  type Difference,
  leftBefore,
  othersAmong,
} from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { servedOf, unreadOn } from '../../effects/cluster/served.ts'
import { clusterDoors } from '../../local/doors.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'
import { namedCluster, type OnCluster } from './kubeconfig.ts'

interface BootstrapFlags extends OnCluster {
  config: string
  nodeClass?: string
  /** Names of packs, with commas between them. */
  with?: string
  release?: string
  plugin?: string
  prober?: string
  diff?: boolean
  apply?: boolean
}

/** The command; `exits`: what its help says of how it ends. */
export const addBootstrap = (
  command: Command,
  { output, done, exits }: { output: Output; done: (code: number) => void; exits: string },
): void => {
  command
    .description(
      'print or apply what a cluster needs: namespaces, roles, admission policies, NodePools and their node classes',
    )
    .option('--context <name>', 'context of the kubeconfig')
    .option('--kubeconfig <file>', 'in place of $KUBECONFIG or ~/.kube/config')
    .option('--node-class <name>', 'one of yours for all pools, or group/kind/name; else as the policy says, or `gpu`')
    .option(
      '--with <packs>',
      'also `monitoring` for Prometheus and Grafana, `sharing` for what NVIDIA’s device plugin is told, `access` for roles of people and who may call services, `istio` for that by its sidecars: commas between',
    )
    .option('--release <name>', 'with monitoring: the Helm release of kube-prometheus-stack, `prometheus` unless told')
    .option('--plugin <namespace>', `with sharing: where the device plugin is, ${PLUGIN_NAMESPACE} unless told`)
    .option('--prober <host:port>', 'with monitoring: a blackbox exporter, which then asks services how they are')
    .option('--diff', 'say what would change; writes nothing')
    .option('--apply', 'apply it; fields that others have set are refused, never taken')
    .option('--config <file>', 'the policy', 'signalbox.config.ts')
    .option('--json', 'print JSON')
    .exitOverride()
    .addHelpText('after', `\nWithout --diff and --apply it prints a List for \`kubectl apply -f -\`.\n${exits}`)
    .hook('preAction', (self) => {
      output.json = self.opts()['json'] === true
    })
    .action(async (flags: BootstrapFlags) => done(await bootstrap(flags, output)))
}

/**
 * What a cluster needs of Signalbox: printed for `kubectl apply`, compared with a cluster, or applied to it. Node classes of the user's
 * are compared with the policy, and never written.
 */
const bootstrap = async (flags: BootstrapFlags, output: Output): Promise<number> => {
  const { diff, apply } = flags
  if (diff && apply) throw new Explained('--diff or --apply: one of them', EXIT.usage)
  const policy = parsePolicy(await readConfig(flags.config))
  const nodeClass = givenClass(flags.nodeClass)
  const manifests = [...bootstrapManifests(policy, clusterDoors, nodeClass), ...givenPacks(policy, flags)]
  tellAll(sharingTexts(policy), output)
  if (!diff && !apply) {
    const items = await printable(manifests, flags, output)
    output.out(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2))
    return EXIT.ok
  }
  const requests = await reach(flags)
  try {
    // Before anything is written: a door of ours gets no rights in what is another's.
    const { served, leftOut } = await servedOf(requests, manifests)
    const others = apply ? await othersAmong(requests, served) : []
    if (others.length > 0) {
      tell(others, false, output)
      return EXIT.failed
    }
    const found: Difference[] = []
    for (const manifest of served)
      found.push(await (apply ? applyManifest(requests, manifest) : compareManifest(requests, manifest, served)))
    for (const named of namedClasses(policy, nodeClass)) {
      const compared = await compareNodeClass(requests, named)
      if (compared !== null) found.push(compared)
    }
    found.push(...leftOut, ...(await leftBefore(requests, policy)))
    tell(found, apply === true, output)
    tellAll(await unreadOn(requests, served), output)
    return found.some(({ state }) => state === 'refused' || state === 'unfit') ? EXIT.failed : EXIT.ok
  } finally {
    await requests.close()
  }
}

/** What is for people alone, beside what is printed. */
const tellAll = (sentences: readonly string[], output: Output): void => {
  for (const sentence of sentences) output.err(`signalbox: ${sentence}`)
}

/** The release that kube-prometheus-stack's own page has. */
const RELEASE = 'prometheus'

const givenPacks = (
  policy: Policy,
  { with: text = '', release = RELEASE, prober, plugin = PLUGIN_NAMESPACE }: BootstrapFlags,
): Manifest[] => {
  const names = text === '' ? [] : text.split(',')
  const odd = names.find((name) => !PACK_NAMES.includes(name))
  if (odd !== undefined) throw new Explained(`--with: there is no ${odd}, but ${PACK_NAMES.join(', ')}`, EXIT.usage)
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(release))
    throw new Explained('--release is the name of a Helm release', EXIT.usage)
  if (prober !== undefined && !/^[A-Za-z0-9.-]+:\d{1,5}$/.test(prober))
    throw new Explained(
      '--prober is the host and port of a blackbox exporter: `blackbox.monitoring.svc:9115`',
      EXIT.usage,
    )
  return packManifests(policy, names, { release, prober: prober ?? null, plugin })
}

/** What a List has, without what a named cluster does not take; beside it is said what that is, or which CRDs the List needs. */
const printable = async (manifests: Manifest[], flags: BootstrapFlags, output: Output): Promise<Manifest[]> => {
  const crds = [...new Set(manifests.flatMap((one) => crdOf(one) ?? []))]
  if (crds.length === 0) return manifests
  if (flags.context === undefined && flags.kubeconfig === undefined) {
    output.err(
      `signalbox: the List needs the CRDs ${crds.join(', ')}; with \`--context NAME\` what has none is left out`,
    )
    return manifests
  }
  const requests = await reach(flags)
  try {
    const { served, leftOut } = await servedOf(requests, manifests)
    for (const { manifest, detail } of leftOut)
      output.err(`signalbox: ${manifest.kind} ${manifest.metadata.name} is left out: ${detail.join('; ')}`)
    return served
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
    'left-out': 'LEFT OUT',
  },
  apply: {
    missing: 'made',
    changed: 'applied',
    same: 'as it should be',
    refused: 'REFUSED',
    unfit: 'UNFIT',
    left: 'LEFT OVER',
    'left-out': 'LEFT OUT',
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
