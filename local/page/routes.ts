import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { sha256Hex } from '../../core/digest.ts'
import { type Called, calledBy, inNewNames, laneMeant } from '../../core/lane-kinds/called.ts'
import { noticesOf } from '../../flows/notices.ts'
import { spendIn } from '../../flows/spend.ts'
import { spendOf } from '../../flows/sums.ts'
import type { PostedCard } from '../house-type.ts'
import { notInForce } from '../policies/not-in-force.ts'
import type { Served } from '../server/served.ts'
import { lanesOf, poolsOf, sidesOf } from './facts.ts'
import {
  chatFragment,
  feedFragment,
  lanesFragment,
  planFragment,
  poolsFragment,
  sidesFragment,
  timelineFragment,
} from './fragments.ts'
import { layout } from './layout.ts'
import { noticesFragment } from './notices.ts'
import { spendFragment } from './spend.ts'
import { trackOf } from './views.ts'

type Html = ReturnType<typeof html>

const TYPES: Record<string, string> = {
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

/** The page, its fragments and its three static files. */
export const pageRoutes = (app: Hono, { house }: Served): void => {
  app.get('/', async (context) => {
    const policy = await house.ports.policies.load()
    const { lane, parts } = await partsOf(house, context.req.query('lane') ?? null)
    return context.html(layout({ lane, policy, parts, clock: house.ports.clock.now() }))
  })
  app.get('/fragments', async (context) => {
    const { parts } = await partsOf(house, context.req.query('lane') || null)
    const texts = await Promise.all(Object.entries(parts).map(async ([name, part]) => [name, String(await part)]))
    return context.json({ fragments: Object.fromEntries(texts) as Record<string, string> })
  })
  for (const [name, type] of Object.entries(TYPES)) {
    const bytes = readFileSync(new URL(`assets/${name}`, import.meta.url))
    const etag = `"${sha256Hex(bytes).slice(0, 16)}"`
    app.get(`/assets/${name}`, (context) =>
      context.req.header('if-none-match') === etag
        ? context.body(null, 304)
        : context.body(new Uint8Array(bytes), 200, { 'content-type': type, etag, 'cache-control': 'no-cache' }),
    )
  }
}

/** Most cards that ask nothing. */
const CARDS = 8

/** What asks first, all of it; then the newest of the others. */
const shownOf = (cards: PostedCard[]): PostedCard[] => [
  ...cards.filter(({ card }) => card.question !== null),
  ...cards.filter(({ card }) => card.question === null).slice(0, CARDS),
]

/** Every fragment of the page, for the lane that is chosen or the first of the list. */
const partsOf = async (
  { ports, cards }: Served['house'],
  chosen: string | null,
): Promise<{ lane: string | null; parts: Record<string, Html> }> => {
  const policy = await ports.policies.load()
  const sides = await sidesOf(ports)
  const tracks = (await lanesOf(ports, policy)).map((facts) => trackOf(facts, { policy, sides }))
  const called = calledBy(policy)
  const lane = chosen === null ? (tracks[0]?.lane ?? null) : laneMeant(called, chosen)
  const feed = (await ports.ledger.moments(null, { limit: 300 }))
    .filter(({ data }) => data?.['became'] !== undefined)
    .slice(0, 40)
  const parts = {
    sides: sidesFragment(sides, await notInForce(ports.policies)),
    lanes: lanesFragment(tracks, lane, policy),
    chat: chatFragment(shownOf(await cards())),
    plan: planFragment(tracks.find((track) => track.lane === lane) ?? null),
    spend: html`${spendFragment(
      await spendOf(ports, policy, ports.clock.now()),
      await spendIn(ports.ledger, ports.clock.now()),
      ports.clock.now(),
    )}${noticesFragment(await noticesOf(ports.ledger, policy))}`,
    pools: poolsFragment(await poolsOf(ports, { policy, sides })),
    timeline: timelineFragment(lane, lane === null ? [] : await ports.ledger.moments(lane, { limit: 60 })),
    feed: feedFragment(feed, await ports.ledger.counts()),
  }
  return { lane, parts: await named(parts as Record<string, Html>, called) }
}

/** With every lane by the name that the policy has for it: what is pressed or followed may say either. */
const named = async (parts: Record<string, Html>, called: Called): Promise<Record<string, Html>> => {
  const texts = Object.entries(parts).map(
    async ([name, part]) => [name, raw(inNewNames(called, String(await part)))] as const,
  )
  return Object.fromEntries(await Promise.all(texts))
}
