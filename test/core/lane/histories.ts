import fc from 'fast-check'
import type { Act } from '../../../core/lane/act.ts'
import type { Change } from '../../../core/lane/change.ts'
import type { Letter, Seen } from '../../../core/lane/letters.ts'
import { next } from '../../../core/lane/next.ts'
import { type Result, settle } from '../../../core/lane/settle.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { Trouble, View } from '../../../core/lane/view.ts'
import type { Facts } from '../../../core/reactions/reaction.ts'
import { said } from '../../../core/text.ts'
import type { World } from '../../../core/world.ts'
import { emptyPool, emptyWorld, standing } from '../training-fixture.ts'
import {
  ALIAS,
  ANA,
  after,
  BEN,
  command,
  docOf,
  facts,
  HOUR,
  looked,
  lookLetter,
  MALLORY,
  MINUTE,
  NOTHING,
  NOW,
  PIPELINE,
  policyWith,
  promoted,
  questionOf,
  SEEN,
  SERVICE,
  uploaded,
  viewOf,
  vote,
} from './fixture.ts'

/** What strangers write: colours, another direction, nothing, a new line. */
const UGLY = '\u001b[31m漢字\u001b[0m\u202e\u0000\nx'

/** A world, a source and people that do anything. */
const anything = fc.gen()
type Gen = fc.GeneratorValue
const VERSIONS = ['aa', 'bb', 'cc'].map((pair) => pair.repeat(32))
const KEYS = ['support-chats/a/manifest.json', 'support-chats/b/manifest.json']

const pick = <T>(g: Gen, ...of: T[]): T => of[g(fc.nat, { max: of.length - 1 })] as T

const anyText = (g: Gen): string => (g(fc.boolean) ? UGLY.repeat(g(fc.nat, { max: 300 })) : 'short')

const anyFacts = (g: Gen, lane: string): Record<string, Facts> => {
  const places = lane === PIPELINE ? KEYS.map((key) => `s3://${uploaded.bucket}/${key}`) : [ALIAS]
  const unreadable = { kind: 'unreadable', side: 'objects', detail: anyText(g), retryAfter: g(fc.nat, { max: 100 }) }
  const manifest = (): Facts => {
    const missingCount = pick(g, 0, 0, 0, 2)
    return pick<Facts>(
      g,
      facts({
        sha256: pick(g, ...VERSIONS),
        lastModified: NOW + g(fc.integer, { min: -2 * HOUR, max: HOUR }),
        etag: 'e',
        missingCount,
        missing: missingCount === 0 ? [] : [anyText(g)],
      }),
      { kind: 'gone' },
      { kind: 'bad', detail: anyText(g) } as Facts,
      unreadable,
    )
  }
  const version = (): Facts =>
    pick<Facts>(
      g,
      {
        kind: 'version',
        version: pick(g, '7', '8', '9'),
        source: 's3://m/1',
        runId: null,
        status: pick(g, 'READY', 'READY', 'PENDING_REGISTRATION'),
        requester: null,
      } as Facts,
      { kind: 'none' },
      unreadable,
    )
  return Object.fromEntries(places.map((at) => [at, lane === PIPELINE ? manifest() : version()]))
}

const anyLetter = (g: Gen, view: View, id: string): Letter => {
  const written = { id, lane: view.doc.lane, at: view.now - g(fc.nat, { max: 1000 }), due: view.now }
  const run = view.doc.run
  const saw = pick<Seen | null>(g, null, 'idle', { generation: view.doc.generation, attempt: view.doc.attempt })
  const event = view.doc.lane === PIPELINE ? { ...uploaded, key: pick(g, ...KEYS) } : promoted
  return pick<() => Letter>(
    g,
    () => lookLetter({ ...written, event, from: pick(g, 'door' as const, 'resync' as const) }),
    () => lookLetter({ ...written, event }),
    () =>
      vote({
        ...written,
        question: run?.question?.id ?? questionOf().id,
        by: pick(g, ANA, ANA, BEN, MALLORY),
        byName: anyText(g),
        reason: anyText(g),
        verdict: pick(g, 'approve' as const, 'approve' as const, 'deny' as const),
        replyTo: pick(g, null, 'https://hooks'),
      }),
    () =>
      command(pick(g, 'cancel' as const, 'retry' as const, 'retry' as const), {
        ...written,
        // As its door writes it.
        by: said(anyText(g), 100),
        saw,
        from: pick(g, null, 'train', 'nowhere'),
        wanted: g(fc.boolean),
      }),
  )()
}

const anyWorld = (g: Gen): World =>
  emptyWorld({
    pools: {
      'gpu-train': emptyPool('gpu-train', { heldByOthers: pick(g, 0, 0, 0, 12) }),
      'gpu-serve': emptyPool('gpu-serve', { heldByOthers: pick(g, 0, 0, 0, 12) }),
    },
    dollars: { spent: pick(g, 0, 0, 0, 20_000), held: 0 },
    generations: pick(g, [], [standing(1, 2)], [standing(1, 1), standing(2, 1)]),
  })

const anyStepped = (g: Gen): Stepped =>
  pick<() => Stepped>(
    g,
    () => ({ kind: 'begun', made: null, note: anyText(g) }),
    () => ({ kind: 'wait', note: anyText(g), until: null, running: g(fc.boolean) }),
    () => ({ kind: 'done', note: anyText(g), values: { score: 1 } }),
    () => ({ kind: 'done', note: anyText(g), values: { score: 1 } }),
    () => ({ kind: 'done', note: '', values: null }),
    () => ({ kind: 'failed', reason: pick(g, 'node-lost' as const, 'gate' as const), note: anyText(g) }),
  )()

const anyResult = (g: Gen, act: Act, lane: string): Result => {
  if (TOUCHING.has(act.kind) && pick(g, false, false, false, false, true))
    return {
      kind: 'trouble',
      trouble: {
        kind: pick(g, 'unavailable', 'not-allowed', 'refused', 'bug'),
        side: 'cluster',
        said: anyText(g),
        retryAfter: 0,
      } as Trouble,
    }
  if (act.kind === 'look' || act.kind === 'look-again') return looked(anyFacts(g, lane))
  if (act.kind === 'begin' || act.kind === 'see') return { kind: 'stepped', stepped: anyStepped(g) }
  if (act.kind === 'clear')
    return { kind: 'cleared', left: pick(g, null, null, { note: anyText(g), until: NOW }), looks: [] }
  return SEEN
}
const TOUCHING: ReadonlySet<string> = new Set(['look-again', 'plan', 'hold', 'begin', 'see', 'clear', 'go-back'])

/** One act of a history, and what it was settled to. */
export interface Settled {
  view: View
  act: Act
  result: Result
  change: Change
}

/** Everything that is settled in some history of a lane. */
const history = (g: Gen, lane: string): Settled[] => {
  const settled: Settled[] = []
  let view = viewOf({
    doc: docOf({ lane }),
    policy: policyWith((config) => {
      config.approvals.autoApproveBelow = pick(g, 0, 0, 100_000)
    }),
  })
  for (let n = 0; n < 50; n++) {
    if (pick(g, false, false, true) || n === 0)
      view = { ...view, letters: [...view.letters, anyLetter(g, view, `l${n}`)] }
    const due = view.later.filter((letter) => letter.due <= view.now)
    view = {
      ...view,
      letters: [...view.letters, ...due],
      later: view.later.filter((letter) => !due.includes(letter)),
      world: anyWorld(g),
    }
    const act = next(view)
    const result = act.kind === 'rest' ? NOTHING : anyResult(g, act, lane)
    const change = settle(view, act, result)
    settled.push({ view, act, result, change })
    const rest = change.rest === null ? 0 : Math.max(1, (change.rest.until ?? view.now + MINUTE) - view.now)
    view = {
      ...after(view, act, change, Math.min(rest, pick(g, 1000, HOUR, 5 * HOUR))),
      me: pick(g, 'me', 'me', 'me', 'another'),
      ...(change.rest === null ? {} : { looked: false }),
    }
  }
  return settled
}

/** Everything that is settled in so many histories of lanes, of both kinds. */
export const histories = (count: number, seed: number): Settled[] =>
  fc
    .sample(fc.tuple(anything, fc.constantFrom(PIPELINE, SERVICE)), { seed, numRuns: count })
    .flatMap(([g, lane]) => history(g, lane))
