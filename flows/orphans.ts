import { type KubeObject, type ObjectRef, refOf } from '../core/kube.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { laneNameIn } from '../core/lane/waits.ts'
import { runOfJob } from '../core/names.ts'
import { judgeDeployment, judgeJob, type Known, type Verdict } from '../core/orphans.ts'
import type { Policy } from '../core/policy.ts'
import { type PastRow, pastId, SELF } from '../core/rows.ts'
import { hasEnded } from '../core/steps/launch-job.ts'
import { everyLane } from './lanes.ts'
import { ourNamespaces } from './namespaces.ts'
import type { WorkPorts } from './ports.ts'
import { readRow } from './rows.ts'

type OrphanPorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'clock'>

/** An object of our namespaces that no run of ours knows. */
export interface Loose {
  ref: ObjectRef
  uid: string
  verdict: Exclude<Verdict, { kind: 'fine' }>
}

/** Everything in our namespaces that is an orphan, or looks like ours and is not known: of no other namespace anything is asked. */
export const looseIn = async (ports: OrphanPorts, policy: Policy, docs: readonly LaneDocument[]): Promise<Loose[]> => {
  const namespaces = ourNamespaces(policy)
  const all = async (kind: 'Job' | 'Deployment'): Promise<KubeObject[]> =>
    (await Promise.all(namespaces.map((namespace) => ports.cluster.list(kind, { namespace, fresh: true })))).flat()
  const [jobs, deployments] = await Promise.all([all('Job'), all('Deployment')])
  const byName = new Map(docs.map((doc) => [doc.name, doc]))
  const docOf = (object: KubeObject): LaneDocument | null =>
    byName.get(laneNameIn({ kind: object.kind as 'Job' | 'Deployment', name: object.metadata.name }) ?? '') ?? null
  const who = { ...(await identityIn(ports.ledger)), installation: policy.installation }
  const judged = [...jobs, ...deployments].map(async (object) => ({
    ref: refOf(object),
    uid: object.metadata.uid ?? '',
    verdict: await judge(ports, who, { object, doc: docOf(object) }),
  }))
  return (await Promise.all(judged)).filter((one): one is Loose => one.verdict.kind !== 'fine')
}

/** What is ours to delete. A ledger that does not know what it has made deletes nothing. */
export const orphansIn = async (...given: Parameters<typeof looseIn>): Promise<Loose[]> => {
  const loose = await looseIn(...given)
  return loose.some(({ verdict }) => verdict.kind === 'forgotten')
    ? []
    : loose.filter(({ verdict }) => verdict.kind === 'orphan')
}

/** Everything that is loose now, for a person. */
export const looseNow = async (ports: OrphanPorts & Pick<WorkPorts, 'policies'>): Promise<Loose[]> =>
  looseIn(ports, await ports.policies.load(), await everyLane(ports.ledger))

const judge = async (
  { ledger, clock }: OrphanPorts,
  who: Pick<Known, 'ledger' | 'secret' | 'generationFrom' | 'installation'>,
  { object, doc }: { object: KubeObject; doc: LaneDocument | null },
): Promise<Verdict> => {
  const known: Known = { ...who, doc, past: await pastOf(ledger, doc, object), now: clock.now() }
  return object.kind === 'Job'
    ? judgeJob(object as KubeObject<'Job'>, known)
    : judgeDeployment(object as KubeObject<'Deployment'>, known)
}

const identityIn = async (
  ledger: OrphanPorts['ledger'],
): Promise<Pick<Known, 'ledger' | 'secret' | 'generationFrom'>> => {
  const { ledger: id = '', secret = null, generationFrom = 0 } = (await readRow(ledger, 'identity', SELF))?.value ?? {}
  return { ledger: id, secret, generationFrom }
}

const pastOf = async (
  ledger: OrphanPorts['ledger'],
  doc: LaneDocument | null,
  object: KubeObject,
): Promise<PastRow | null> => {
  // What has ended is no orphan, whoever made it: nothing is read for it.
  const asks = object.kind === 'Job' && doc !== null && !hasEnded(object as KubeObject<'Job'>)
  const run = asks ? runOfJob(object.metadata.name) : null
  return run === null || doc === null ? null : ((await readRow(ledger, 'past', pastId(doc.lane, run)))?.value ?? null)
}

/** Deletes one orphan by its uid, once the lane as it is now still says so; writes down that it did. Answers whether it did. */
export const clearOrphan = async (ports: OrphanPorts, policy: Policy, { ref, uid }: Loose): Promise<boolean> => {
  const object = (await ports.cluster.get(ref)) as KubeObject<'Job'> | null
  const name = runOfJob(ref.name)?.name
  const lane = name === undefined ? undefined : (await readRow(ports.ledger, 'name', name))?.value.lane
  if (object === null || object.metadata.uid !== uid || lane === undefined) return false
  const doc = (await readRow(ports.ledger, 'lane', lane))?.value ?? null
  const who = { ...(await identityIn(ports.ledger)), installation: policy.installation }
  const verdict = await judge(ports, who, { object, doc })
  if (verdict.kind !== 'orphan') return false
  if ((await ports.cluster.delete(ref, uid)) === 'gone') return false
  const text = `deleted Job ${ref.name} in ${ref.namespace}: ${verdict.why}, and nobody waits for it`
  await ports.ledger.commit([
    { moment: { lane, at: ports.clock.now(), generation: null, attempt: null, kind: 'note', text } },
    { count: 'orphan:deleted', by: 1 },
  ])
  return true
}
