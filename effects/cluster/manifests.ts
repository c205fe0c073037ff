import { addedTo } from '../../core/bootstrap/added.ts'
import { driftOf } from '../../core/bootstrap/drift.ts'
import { earlierPolicies, installationOf, isLeftOf } from '../../core/bootstrap/earlier-policies.ts'
import type { Manifest } from '../../core/bootstrap/manifest.ts'
import { POD_SECURITY } from '../../core/bootstrap/manifests.ts'
import { classWrongs, knownClass } from '../../core/bootstrap/node-class-check.ts'
import type { NamedClass } from '../../core/bootstrap/node-classes.ts'
import type { KubeObject, NodePool } from '../../core/kube.ts'
import { type Identity, label } from '../../core/names.ts'
import { isSetByLane } from '../../core/pools/node-pool.ts'
import { numberIn } from '../../core/quantity.ts'
import { applyConflict, failureOf, messageIn } from './answers.ts'
import type { Answer, Requests } from './requests.ts'

/** Who owns what `bootstrap` applies. */
const MANAGER = 'signalbox-bootstrap'

/** How the cluster differs from a manifest. `changed` names the fields; `left-out`: the cluster does not have its kind. */
export interface Difference {
  manifest: Manifest
  state: 'missing' | 'changed' | 'same' | 'refused' | 'unfit' | 'left' | 'left-out'
  /** Fields that would change, why the server refuses it, what of the user's own does not do, what somebody has added that must go, or what to do with what is left. */
  detail: string[]
  /** What the change does to nodes that run. Left out: nothing. */
  drift?: string
  /** What the server warns of: Pod Security names the pods that stand and would not be made again. Left out: of nothing. */
  warnings?: string[]
}

/** The path of a manifest's object. */
export const manifestPath = ({ apiVersion, kind, metadata }: Manifest): string => {
  const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = metadata.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(metadata.namespace)}`
  return `${prefix}${place}/${plural(kind.toLowerCase())}/${encodeURIComponent(metadata.name)}`
}

const plural = (kind: string): string => {
  if (/[^aeiou]y$/.test(kind)) return `${kind.slice(0, -1)}ies`
  return kind.endsWith('s') ? `${kind}es` : `${kind}s`
}

/** What applying it, with the others `among` which it is, would do; nothing is written: the server itself is asked, by a dry run. */
export const compareManifest = async (
  requests: Requests,
  manifest: Manifest,
  among: readonly Manifest[] = [],
): Promise<Difference> => {
  const path = manifestPath(manifest)
  const there = await requests.send({ method: 'GET', path })
  if (there.status === 404) return { manifest, state: 'missing', detail: [] }
  if (there.status !== 200) return { manifest, state: 'refused', detail: [whyNot(there)] }
  const another = whoseElse(manifest, there.body)
  if (another !== null) return { manifest, state: 'refused', detail: [another] }
  const answer = await send(requests, withoutCeiling(manifest, there.body), { dryRun: 'All' })
  if (answer.status !== 200) return { manifest, state: 'refused', detail: [whyNot(answer)] }
  const added = addedTo(manifest, there.body)
  if (added.length > 0) return { manifest, state: 'unfit', detail: added }
  const fields = differing(there.body, answer.body, '').filter((field) => !BOOKKEEPING.test(field))
  const drift = driftOf(manifest, fields, { running: nodesIn(there.body), among })
  return {
    manifest,
    state: fields.length === 0 ? 'same' : 'changed',
    detail: fields,
    ...(drift === null ? {} : { drift }),
    ...warned(answer),
  }
}

/** Nodes of a NodePool, as Karpenter counts them; null: it has not. */
const nodesIn = (body: unknown): number | null => {
  const nodes = (body as NodePool).status?.resources?.['nodes']
  return nodes === undefined ? null : numberIn(nodes)
}

/** What of a node class of the user's does not do for the pools that name it; null: nothing is known of its kind. Nothing is written. */
export const compareNodeClass = async (
  requests: Pick<Requests, 'send'>,
  named: NamedClass,
): Promise<Difference | null> => {
  const known = knownClass(named.nodeClass)
  if (known === null) return null
  const { kind, name } = named.nodeClass
  const manifest: Manifest = { apiVersion: known.apiVersion, kind, metadata: { name } }
  const there = await requests.send({ method: 'GET', path: manifestPath(manifest) })
  if (there.status === 404) return { manifest, state: 'unfit', detail: [NO_CLASS] }
  if (there.status !== 200) return { manifest, state: 'refused', detail: [whyNot(there)] }
  const detail = classWrongs(named, there.body)
  return { manifest, state: detail.length === 0 ? 'same' : 'unfit', detail }
}

const NO_CLASS =
  'it is not there, and no node starts without it: make it, or say `nodes` in the policy, and one is made for each pool'

/** What an earlier release has made and this one has no more: it stays in force until somebody deletes it. Nothing is written. */
export const leftBefore = async (
  requests: Pick<Requests, 'send'>,
  identity: Pick<Identity, 'installation'>,
): Promise<Difference[]> => {
  const found: Difference[] = []
  for (const { name, now } of earlierPolicies(identity)) {
    const manifest: Manifest = { apiVersion: POLICIES, kind: 'ValidatingAdmissionPolicy', metadata: { name } }
    const { status, body } = await requests.send({ method: 'GET', path: manifestPath(manifest) })
    const detail = `an earlier release called it so, and its rules are those of ${now} now: once that is there, \`kubectl --context NAME delete validatingadmissionpolicybinding,validatingadmissionpolicy ${name}\``
    if (status === 200 && isLeftOf(identity, body)) found.push({ manifest, state: 'left', detail: [detail] })
  }
  return found
}

const POLICIES = 'admissionregistration.k8s.io/v1'

/** Those that stand already and belong to another installation. */
export const othersAmong = async (requests: Requests, manifests: readonly Manifest[]): Promise<Difference[]> => {
  const found: Difference[] = []
  for (const manifest of manifests.filter(({ metadata }) => metadata.labels?.[INSTALLATION] !== undefined)) {
    const there = await requests.send({ method: 'GET', path: manifestPath(manifest) })
    const another = there.status === 200 ? whoseElse(manifest, there.body) : null
    if (another !== null) found.push({ manifest, state: 'refused', detail: [another] })
  }
  return found
}

const INSTALLATION = label('installation')

/** Whose it is, and what to do; null where it may be applied. All installations apply as one manager, so the server would see no conflict. */
const whoseElse = ({ kind, metadata }: Manifest, there: unknown): string | null => {
  const ours = metadata.labels?.[INSTALLATION]
  const isPolicy = kind === 'ValidatingAdmissionPolicy'
  const theirs = isPolicy ? installationOf(there) : (there as Manifest).metadata.labels?.[INSTALLATION]
  if (ours === undefined || theirs == null || theirs === ours) return null
  const { name } = metadata
  if (isPolicy)
    return `it is of the installation ${theirs}, whose release called it so: bootstrap that one with this release, and delete what it then says is left over`
  return (
    `it belongs to the installation ${theirs}: name another in the policy’s \`${kind === 'Namespace' ? 'namespaces' : 'pools'}\`, or, once ` +
    `${theirs} is gone for good and its admission policies are deleted, take its label off: \`kubectl --context NAME label ${kind.toLowerCase()} ${name} ${INSTALLATION}-\``
  )
}

/** Applies it without force: fields that somebody else has set otherwise are a refusal that names them. */
export const applyManifest = async (requests: Requests, manifest: Manifest): Promise<Difference> => {
  const [another] = await othersAmong(requests, [manifest])
  if (another !== undefined) return another
  const answer = await send(requests, await ownOf(requests, manifest), {})
  if (answer.status === 201) return { manifest, state: 'missing', detail: [], ...warned(answer) }
  if (answer.status !== 200) return { manifest, state: 'refused', detail: [whyNot(answer)] }
  const detail = addedTo(manifest, answer.body)
  return { manifest, state: detail.length === 0 ? 'changed' : 'unfit', detail, ...warned(answer) }
}

/** What is bootstrap's own of a manifest: the ceiling of a NodePool is its lane's from when that has set it. */
const ownOf = async (requests: Requests, manifest: Manifest): Promise<Manifest> => {
  if (manifest.kind !== 'NodePool') return manifest
  const there = await requests.send({ method: 'GET', path: manifestPath(manifest) })
  return there.status === 200 ? withoutCeiling(manifest, there.body) : manifest
}

const withoutCeiling = (manifest: Manifest, there: unknown): Manifest => {
  if (manifest.kind !== 'NodePool' || !isSetByLane(there as KubeObject)) return manifest
  const { limits: _, ...spec } = manifest['spec'] as NonNullable<NodePool['spec']>
  return { ...manifest, spec }
}

const warned = ({ warnings }: Answer): Pick<Difference, 'warnings'> => (warnings === undefined ? {} : { warnings })

const send = (requests: Requests, manifest: Manifest, query: Record<string, string>) =>
  requests.send({
    method: 'PATCH',
    path: manifestPath(manifest),
    query: { fieldManager: MANAGER, fieldValidation: 'Strict', ...query },
    type: 'application/apply-patch+yaml',
    body: manifest,
  })

/** What the server keeps for itself. */
const BOOKKEEPING = /^(status|metadata\.(managedFields|resourceVersion|generation))\b/

/** Throws `NotAllowed` where the server does not know who asks: that says nothing of any one manifest. */
const whyNot = (answer: Answer): string => {
  if (answer.status === 401) throw failureOf('comparing with the cluster', answer)
  const conflict = answer.status === 409 ? applyConflict(answer.body) : null
  if (conflict === null) return messageIn(answer)
  const { manager, fields } = conflict
  const level = fields.some((field) => field.endsWith(POD_SECURITY)) ? `: ${OTHER_LEVEL}` : ''
  return `${manager} has set ${fields.join(', ')} otherwise${level}`
}

const OTHER_LEVEL = `pods of trainings and servers are made for \`baseline\`, and a looser level lets whoever may make pods there have their nodes: set it there, \`kubectl label namespace NAME --overwrite ${POD_SECURITY}=baseline\`, or name another namespace in the policy’s \`namespaces\``

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const differing = (a: unknown, b: unknown, path: string): string[] => {
  if (!isObject(a) || !isObject(b)) return a === b ? [] : [path]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differing(a[key], b[key], path === '' ? key : `${path}.${key}`),
  )
}
