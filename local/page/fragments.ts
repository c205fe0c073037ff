import { html } from 'hono/html'
import type { Card, CardChoice } from '../../core/cards.ts'
import { usd } from '../../core/money/prices.ts'
import type { Plan } from '../../core/plan.ts'
import { hoursOf } from '../../core/plan-amounts.ts'
import { atMostText, plain } from '../../core/plan-text.ts'
import type { Policy } from '../../core/policy.ts'
import { amountText, unitsOf } from '../../core/pools/counts.ts'
import type { Moment } from '../../core/rows.ts'
import type { PostedCard } from '../house-type.ts'
import { triesUnder } from '../tries.ts'
import { type Sides, sideText } from '../waiting.ts'
import type { PoolBar } from './pools.ts'
import { type Button, type Signal, STATE_WORDS, type Track } from './views.ts'

type Html = ReturnType<typeof html>

const time = (at: number): Html => {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}">${iso.slice(11, 19)}</time>`
}

/** Far sides that do not answer: lanes that need them wait, and nothing fails. And a policy that is written and not in force. */
export const sidesFragment = (sides: Sides, notInForce: string | null): Html => {
  const texts = [...(notInForce === null ? [] : [notInForce]), ...[...sides.values()].map(sideText)]
  return texts.length === 0 ? html`` : html`<ul class="away">${texts.map((text) => html`<li>${text}</li>`)}</ul>`
}

/** The signal box: a track a lane. */
export const lanesFragment = (tracks: Track[], selected: string | null, policy: Policy): Html =>
  tracks.length === 0
    ? html`<p class="empty">No lane yet. To try:</p><ol class="tries">${triesFor(policy)}</ol>`
    : html`<ul class="tracks">${tracks.map((track) => trackItem(track, track.lane === selected))}</ul>`

/** What moves a first lane under this policy: the tour and the samples tell of the example's. */
const triesFor = (policy: Policy): Html[] => {
  const { samples, sentences } = triesUnder(policy, 'the data folder')
  const played = [
    'Press Tour above: a dataset is fine-tuned on, promoted, rolled out.',
    '`npx signalbox emit dataset-uploaded/base`',
  ]
  return [...(samples ? played : []), ...sentences].map((text) => html`<li>${withCode(text)}</li>`)
}

/** A sentence with what is typed, which stands between backticks, as code. */
const withCode = (text: string): Html[] =>
  text.split('`').map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))

const trackItem = (
  { lane, wants, headline, cost, behind, state, frozen, untold, signals, choices = [], buttons }: Track,
  selected: boolean,
): Html => html`<li class="track${selected ? ' selected' : ''}" data-lane="${lane}" tabindex="-1">
  <div class="head">
    <h3><a href="/?lane=${encodeURIComponent(lane)}" ${selected ? html`aria-current="true"` : ''}>${lane}</a> <span class="state ${state}">${state}</span>${frozen === null ? '' : html` <span class="state waiting">${frozen}</span>`}</h3>
    <p class="buttons">${buttons.map(buttonHtml)}</p>
  </div>
  <p class="wants">${wants} · <strong>${headline}</strong>${cost === null ? '' : html` · <span class="cost">${cost}</span>`}</p>
  ${behind === null ? '' : html`<p class="wants">${behind}</p>`}
  ${untold.map((words) => html`<p class="untold">${words}</p>`)}
  <ol class="signals" aria-label="signals of ${lane}">${signals.map(signalItem)}</ol>
  ${choices.length === 0 ? '' : html`<form class="answer" data-question="${choices[0]?.question}">${choicesList(choices)}</form>`}
</li>`

const buttonHtml = ({ words, about, command }: Button): Html =>
  html`<button type="button" data-command="${JSON.stringify(command)}" aria-label="${words}: ${about}" title="${about}">${words}</button>`

const signalItem = ({ title, state, note }: Signal): Html =>
  html`<li class="signal ${state}" title="${note}"><span class="lamp" aria-hidden="true"></span><span class="name">${title}</span><span class="sr">: ${STATE_WORDS[state]}${note === '' ? '' : `, ${note}`}</span></li>`

/** The plan of the selected lane, with live steps. */
export const planFragment = (track: Track | null): Html =>
  track === null || track.plan === null ? html`<p class="empty">No plan yet.</p>` : planHtml(track.plan, track)

const planHtml = (plan: Plan, track: Track): Html => html`<h3>${plan.title}</h3>
        <dl class="facts">
          <dt>Carrying it out</dt><dd>${usd(plan.price.total.p50)} – ${usd(plan.price.total.p95)}</dd>
          <dt>Per hour</dt><dd>${usd(plan.price.perHour.p50)}, now ${usd(plan.price.nowPerHour)}</dd>
          ${hoursOf(plan.price).map(([name, { p50, p95 }]) => html`<dt>${name}</dt><dd>${p50} – ${p95}</dd>`)}
          <dt>At most</dt><dd>${atMostText(plan)}</dd>
          <dt>Bounds</dt><dd>${
            Object.entries(plan.bounds.gpus)
              .map(([pool, gpus]) => `${amountText(gpus, plan.bounds.nodes?.[pool])} of ${pool}`)
              .join(', ') || 'no GPUs'
          }; ${plan.bounds.unavailable} unavailable; until ${new Date(plan.bounds.until).toISOString().slice(0, 16).replace('T', ' ')} UTC</dd>
          <dt>Interrupts</dt><dd>${plan.interrupts.join('; ') || 'nothing'}</dd>
          <dt>Undone by</dt><dd>${plan.undo}</dd>
          <dt>Approval</dt><dd>${plan.approval.required ? `${plan.approval.need} needed: ` : 'none needed: '}${plan.approval.why}</dd>
          <dt>Plan</dt><dd><code>${plan.id}</code></dd>
          <dt>Digest</dt><dd><code>${plan.digest.slice(0, 16)}…</code> under policy <code>${plan.policy}</code></dd>
        </dl>
        ${plan.strategy === null ? '' : html`<p><b>${plan.strategy.name}</b>: ${plan.strategy.why}</p><p class="path" aria-label="path of old and new replicas">${plan.strategy.path.map(({ old, new: fresh }) => html`<span>(${old}, ${fresh})</span>`)}</p>`}
        <ol class="steps">${track.signals.map(({ title, state, note }) => html`<li class="${state}"><span class="lamp" aria-hidden="true"></span><b>${title}</b> <span class="word">${STATE_WORDS[state]}</span>${note === '' ? '' : html`<br /><span class="note">${note}</span>`}</li>`)}</ol>
        <details><summary>Why this plan</summary><ul>${plan.reasons.map((reason) => html`<li>${plain(reason)}</li>`)}</ul></details>`

/** Buttons that answer a question; where people choose, each way with its own beside the others. */
const answerForm = (
  { choices = [] }: Card,
  question: string,
): Html => html`<form class="answer" data-question="${question}">
          ${choices.length === 0 ? '' : choicesList(choices)}
          <label>Reason for a denial <input name="reason" maxlength="500" autocomplete="off" /></label>
          ${choices.length === 0 ? html`<button type="button" name="verdict" value="approve" class="primary">Approve</button>` : ''}
          <button type="button" name="verdict" value="deny">Deny${choices.length === 0 ? '' : ' all'}</button>
        </form>`

const choicesList = (choices: readonly CardChoice[]): Html =>
  html`<ul class="choices" aria-label="choose one">${choices.map(choiceItem)}</ul>`

const choiceItem = ({ name, question, lines }: CardChoice, index: number): Html => html`<li>
            <h4>${name}</h4>
            <ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>
            <button type="button" name="verdict" value="approve" data-question="${question}"${index === 0 ? html` class="primary"` : ''}>Approve ${name}</button>
          </li>`

/** Cards as Slack would show them. */
export const chatFragment = (cards: PostedCard[]): Html =>
  cards.length === 0
    ? html`<p class="empty">Nothing was posted yet.</p>`
    : html`<ul class="cards">${cards.map(
        ({ channel, at, card }) => html`<li class="card ${card.tone}">
        <p class="meta">${channel} · ${time(at)}</p>
        <h3>${card.title}</h3>
        <dl>${card.facts.map(({ label, value }) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
        <ul>${card.lines.map((line) => html`<li>${line}</li>`)}</ul>
        ${card.question === null ? '' : answerForm(card, card.question)}
      </li>`,
      )}</ul>`

/** What one GPU of a pool is. */
const gpuState = ({ used, held, provisioned, provisioning }: PoolBar, index: number): string => {
  if (index < used) return 'used'
  if (index < used + held) return 'held'
  if (index < provisioned) return 'idle'
  return index < provisioned + provisioning ? 'coming' : 'free'
}

/** Most GPUs that are drawn: pods of others may ask for any number of them. */
const MOST_DRAWN = 512

/** Pools as bars of GPUs. */
export const poolsFragment = (bars: PoolBar[] | null): Html =>
  bars === null
    ? html`<p class="empty">The cluster does not answer.</p>`
    : html`<ul class="pools">${bars.map(poolItem)}</ul>`

const poolItem = (bar: PoolBar): Html => {
  const { pool, ceiling, used, held, free, provisioned, provisioning, leases, buttons } = bar
  const coming = provisioning > 0 ? html`, <b>${provisioning} on their way</b>` : ''
  return html`<li>
    <h3>${pool}</h3>
    <p>${used} used, ${held} held, ${free} free of a ceiling of ${ceiling} ${unitsOf(bar)}; ${provisioned} ${bar.counts === undefined ? 'on nodes' : 'up'}${coming}</p>
    <div class="bar" aria-hidden="true">${Array.from({ length: Math.min(ceiling, MOST_DRAWN) || 0 }, (_, index) => html`<i class="${gpuState(bar, index)}"></i>`)}</div>
    ${leases.map((one) => html`<p class="lease">${one.text} ${one.buttons.map(buttonHtml)}</p>`)}
    ${buttons.map(buttonHtml)}
  </li>`
}

/** What came in and what it became, ignored and refused too. */
export const feedFragment = (moments: Moment[], counts: Record<string, number>): Html => html`
  <ul class="feed">${moments.map(({ at, lane, text, data }) => html`<li class="${String(data?.['became'])}">${time(at)} <b>${String(data?.['became'])}</b> ${lane === '-' ? '' : html`<a href="/?lane=${encodeURIComponent(lane)}">${lane}</a>`} <span>${text}</span></li>`)}</ul>
  ${moments.length === 0 ? html`<p class="empty">No event yet.</p>` : ''}
  <details><summary>Counts</summary><dl class="counts">${Object.entries(counts).map(([name, count]) => html`<dt>${name}</dt><dd>${count}</dd>`)}</dl></details>`

/** Event → facts → decision → plan → answer → steps → outcome. */
export const timelineFragment = (lane: string | null, moments: Moment[]): Html =>
  lane === null
    ? html`<p class="empty">Choose a lane.</p>`
    : html`<p>${lane}</p><ol class="timeline">${moments.map(({ at, kind, text, generation, attempt }) => html`<li class="${kind}">${time(at)} <b>${kind}</b> ${generation === null ? '' : html`<span class="run">g${generation}a${attempt}</span>`} <span>${text}</span></li>`)}</ol>`
