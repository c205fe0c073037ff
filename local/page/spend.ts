import { html } from 'hono/html'
import { usd } from '../../core/money/prices.ts'
import type { MeteredSpend, SpendLine } from '../../core/money/spend.ts'
import { spendText } from '../../core/money/spend-text.ts'
import { NOT_COUNTED, type Spend } from '../../flows/sums.ts'

type Html = ReturnType<typeof html>

/** Lines of one list. */
const SHOWN = 12

/** What runs were reckoned to cost and hold of the budget this month; below what nodes have cost, as the meter has seen them, and which rungs of the ladder that has crossed. */
export const spendFragment = (reckoned: Spend, metered: MeteredSpend, now: number): Html => {
  const { budget, month, dollars, spent, held, left, rungs = [] } = reckoned
  const share = (part: number): string => (100 * Math.min(1, Math.max(0, part / dollars)) || 0).toFixed(2)
  const [first = '', ...more] = spendText(metered, { dollars }, now)
  return html`<h3>${budget}</h3>
    <p>${usd(spent)} spent and ${usd(held)} held of ${usd(dollars)} in ${month}: ${left < 0 ? html`<b>${usd(-left)} over</b>` : `${usd(left)} left`}; ${NOT_COUNTED.replaceAll('`', '')}</p>
    <svg class="spend" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="used" width="${share(spent)}" height="4" /><rect class="held" x="${share(spent)}" width="${share(held)}" height="4" /></svg>
    <h3>Nodes</h3>
    <p>${first}${isOverBudget(metered, dollars) ? html`: <b>more than the budget</b>` : ''}</p>
    ${more.map((text) => html`<p class="untold">${text}</p>`)}
    <svg class="spend" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="held" width="${share(metered.forecast ?? 0)}" height="4" /><rect class="used" width="${share(metered.dollars)}" height="4" /></svg>
    ${rungs.length === 0 ? '' : html`<ul class="rungs">${rungs.map(({ name, state, text }) => html`<li data-state="${state}">${text}${state === 'in-force' ? lifting(name) : ''}</li>`)}</ul>`}
    ${metered.by.lane.length === 0 ? '' : html`<details><summary>By lane and pool</summary>${table('Lane', metered.by.lane)}${table('Pool', metered.by.pool)}</details>`}`
}

/** Asks for a rung to be lifted, in the words that whoever is asked about it reads. */
const lifting = (rung: string): Html => html`<form class="lift">
      <label>Why lift it <input name="why" maxlength="1000" autocomplete="off" /></label>
      <button type="button" data-command="${JSON.stringify({ kind: 'lift', rung })}" title="people are asked first; it comes back when the month turns">Lift ${rung} until the month turns</button>
    </form>`

const isOverBudget = ({ dollars, forecast }: MeteredSpend, budget: number): boolean =>
  Math.max(dollars, forecast ?? 0) > budget

const table = (name: string, lines: readonly SpendLine[]): Html => html`<table class="spent">
      <thead><tr><th scope="col">${name}</th><th scope="col">Spent</th><th scope="col">Node hours</th><th scope="col">An hour now</th></tr></thead>
      <tbody>${lines.slice(0, SHOWN).map(({ of, dollars, nodeHours, perHour }) => html`<tr><th scope="row">${of}</th><td>${usd(dollars)}</td><td>${nodeHours.toFixed(1)}</td><td>${usd(perHour)}</td></tr>`)}</tbody>
    </table>${lines.length <= SHOWN ? '' : html`<p>and ${lines.length - SHOWN} more: <code>npx signalbox spend</code></p>`}`
