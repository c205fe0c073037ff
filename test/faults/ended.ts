import type { KubeObject } from '../../core/kube.ts'
import { resultId } from '../../core/rows.ts'
import { PIN, PROOF } from '../../core/steps/register-model.ts'
import { readRow } from '../../flows/rows.ts'
import type { Town } from '../journeys/town.ts'

const ROOMS = ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']

/** Everything that neither a crash nor a second reconciler may change. Times, uids, what it cost and who marked it are left out. */
export const endedOf = async (town: Town, lane: string): Promise<unknown> => {
  const { state, generation, attempt, run, desired, baseline, kept, attemptsLeft, rest } = await town.lane(lane)
  // An object's etag is another one each time that it is written.
  const wanted = { ...desired, etag: null }
  return {
    lane: { state, generation, attempt, run, wanted, baseline, kept, attemptsLeft, rest: rest?.why },
    runs: await runsOf(town, lane),
    objects: await objectsOf(town),
    rooms: Object.fromEntries(await Promise.all(ROOMS.map(async (room) => [room, await town.held(room)]))),
    registered: await registeredOf(town),
    cards: (await town.house.cards())
      .map(({ key, card: { title, tone, question } }) => ({ key, title, tone, question }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    left: await leftOf(town, lane),
  }
}

const runsOf = async (town: Town, lane: string): Promise<unknown[]> =>
  Promise.all(
    (await town.past(lane)).map(async ({ id, run, plan, outcome, cost }) => ({
      id,
      outcome: [outcome.kind, outcome.reason],
      plan: plan?.digest,
      hold: run.hold,
      question: run.question === null ? null : [run.question.state, run.question.votes.map(({ by }) => by)],
      cancelled: run.cancelled?.by,
      steps: await Promise.all(
        run.steps.map(async ({ name, way, state, result, made }) => ({
          step: `${way} ${name} ${state}`,
          values: await valuesOf(town, lane, result),
          // The one object of its name that is there is the one that the step made.
          ours: made === null ? null : await isThere(town, made),
        })),
      ),
      paid: cost > 0,
    })),
  )

const valuesOf = async (town: Town, lane: string, result: string | null): Promise<unknown> =>
  result === null ? null : (await readRow(town.house.ports.ledger, 'result', resultId(lane, result)))?.value.values

const isThere = async (
  town: Town,
  { ref, uid }: { ref: Parameters<Town['house']['cluster']['get']>[0]; uid: string },
) => {
  const found = await town.house.cluster.get(ref)
  return found === null ? 'gone' : found.metadata.uid === uid
}

const objectsOf = async ({ house }: Town): Promise<unknown[]> => {
  const kinds = ['Job', 'Deployment', 'Service'] as const
  return (await Promise.all(kinds.map((kind) => house.cluster.list(kind)))).flat().map((object) => {
    const { kind, metadata, spec, status } = object as KubeObject & {
      spec?: { replicas?: number; ttlSecondsAfterFinished?: number }
      status?: { active?: number }
    }
    const { replicas, ttlSecondsAfterFinished: ttl } = spec ?? {}
    return { kind, name: metadata.name, replicas, ttl, active: status?.active ?? 0 }
  })
}

interface Tag {
  key: string
  value: string
}

const registeredOf = async ({ house }: Town): Promise<unknown> => {
  const found = (await house.registry.rest('GET', 'model-versions/search', { filter: "name='support-llama'" })).body
  const versions = (found['model_versions'] ?? []) as { version: string; source: string; tags?: Tag[] }[]
  // What a file was is another thing each time that it is written.
  const known = ({ key, value }: Tag): Tag => ({
    key,
    value: key === PIN ? value.slice(0, 7) : key === PROOF ? 'of this ledger' : value,
  })
  return versions.map(({ version, source, tags }) => ({ version, source, tags: tags?.map(known) }))
}

/** What still waits to be folded, told or looked at. */
const leftOf = async ({ house }: Town, lane: string): Promise<unknown> => {
  const { ledger } = house.ports
  const rows = await Promise.all(
    (['look', 'order', 'out'] as const).map((kind) => ledger.list(kind, { prefix: `${lane}#` })),
  )
  const lines = await Promise.all(ROOMS.map((room) => ledger.list('line', { prefix: `${room}#` })))
  return {
    rows: [...rows, ...lines].flat().map(({ id }) => id),
    due: (await ledger.due(Number.MAX_SAFE_INTEGER)).map(({ group }) => group),
  }
}
