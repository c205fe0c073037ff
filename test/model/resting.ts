import { holdingOf } from '../../core/lane/room.ts'
import { lettersOf } from './consumer.ts'
import { heldRows } from './ledger.ts'
import { CEILING, type Wanted } from './policies.ts'
import { docOf, type State } from './state.ts'

const WHYS: ReadonlySet<string> = new Set([
  'done',
  'parked',
  'pause',
  'asked',
  'no-room',
  'working',
  'deleting',
  'frozen',
  'unavailable',
  'not-allowed',
  'marked-by-another',
  'bug',
  'newer-schema',
  'objects-missing',
  'source-unreadable',
  'registry-pending',
])

/** What must never be, in any state; null: nothing of it is. */
export const wrongState = (state: State): string | null =>
  wrongSums(state) ??
  wrongWork(state) ??
  (state.inside.length === 0 ? (wrongOrphan(state) ?? wrongServing(state) ?? wrongRest(state)) : null)

const wrongSums = ({ ledger, world }: State): string | null => {
  const rows = heldRows(ledger)
  const doc = docOf({ ledger })
  const held = doc === null ? {} : holdingOf(doc)
  const place = doc?.run?.line?.place
  const [granted, stands] = ['hold ', 'line '].map((kind) =>
    Object.entries(ledger.rows).some(
      ([key, { value }]) => key.startsWith(kind) && (value as { place?: string }).place === place,
    ),
  )
  if (place !== undefined && granted === stands) return 'who waits neither stands in the line nor was granted'
  for (const room of new Set([...Object.keys(rows), ...Object.keys(held), ...Object.keys(ledger.sums)])) {
    if (room.startsWith('spent/')) continue
    if (room.startsWith('line/')) {
      const places = Object.keys(ledger.rows).filter((key) => key.startsWith('line ')).length
      if (ledger.sums[room] !== places) return 'a line is not counted as it stands'
      continue
    }
    const others = room === 'pool/p' ? world.others : 0
    if ((ledger.sums[room] ?? 0) !== (rows[room] ?? 0) + others) return 'a sum is not the sum of its holds'
    if (place !== undefined && granted) continue
    if ((rows[room] ?? 0) !== (held[room] ?? 0)) return 'a hold is not what the document says'
  }
  return (ledger.sums['pool/p'] ?? 0) > CEILING ? 'more is held than there is' : null
}

const wrongWork = (state: State): string | null => {
  const doc = docOf(state)
  const alive = Object.values(state.world.jobs).filter(
    ({ state: at, run }) => run !== null && (at === 'running' || at === 'deleting'),
  )
  const held = doc === null ? 0 : (holdingOf(doc)['pool/p'] ?? 0)
  if (alive.length > 0 && held < 1) return 'something of ours runs without a hold'
  const run = doc?.run ?? null
  return alive.some(
    (job) => run !== null && (job.run?.generation !== run.generation || job.run.attempt !== run.attempt),
  )
    ? 'work of an older attempt may still run beside a newer one'
    : null
}

/** Everything of ours that runs is known to a document, once nobody is inside and nothing is on its way. */
const wrongOrphan = (state: State): string | null => {
  const run = docOf(state)?.run ?? null
  const orphan = Object.values(state.world.jobs).some(
    ({ state: at, run: of }) =>
      of !== null &&
      at === 'running' &&
      (run === null || run.cleared || of.generation !== run.generation || of.attempt !== run.attempt),
  )
  return orphan ? 'a Job of ours runs and nobody knows it' : null
}

/** Of a lane whose attempt is over what was judged last serves, alone; nothing that nobody judged. */
const wrongServing = ({ ledger, world, past }: State): string | null => {
  const doc = docOf({ ledger })
  if (doc === null || doc.run !== null || doc.outcome === null || past.moved || world.flying.length > 0) return null
  const judged = doc.baseline === null ? [] : [`v${(doc.baseline.desired as Wanted).version}`]
  const serving = Object.values(world.deployments).filter(({ replicas }) => replicas > 0)
  if (serving.some(({ digest }) => !judged.includes(digest))) return 'what nobody judged serves, and nobody is at it'
  return serving.length === judged.length ? null : 'what was judged last does not serve, and nobody is at it'
}

/** Every rest has a reason, and something that ends it. */
const wrongRest = (state: State): string | null => {
  const { ledger, world, now } = state
  const doc = docOf(state)
  if (doc === null) return null
  if ((ledger.due['lane'] ?? null) !== doc.due) return 'the due row is not what the document says'
  const letters = lettersOf(ledger)
  if (letters.some(({ id, due }) => ledger.due[id] !== due)) return 'a letter has no due row'
  if (doc.rest === null || doc.due !== null || letters.length > 0) return null
  if (!WHYS.has(doc.rest.why)) return `it rests for a reason of no list: ${doc.rest.why}`
  if (doc.rest.why === 'done' || doc.rest.why === 'parked') return doc.run === null ? null : 'it rests and has a run'
  const watched = doc.rest.why === 'working' && Object.keys(world.jobs).length > 0
  return watched || now < 0 ? null : `nothing ends its rest: ${doc.rest.why}`
}
