import { html } from 'hono/html'
import { peopleOf } from '../../core/policy/approvals.ts'
import type { Policy } from '../../core/policy.ts'

type Html = ReturnType<typeof html>

/** The whole page around its fragments. What lets its buttons act is not in it: everybody on this machine may read it. */
export const layout = ({
  lane,
  policy,
  parts,
  clock,
}: {
  lane: string | null
  policy: Policy
  parts: Record<string, Html>
  clock: number
}): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Signalbox</title>
    <link rel="icon" href="/assets/icon.svg" />
    <link rel="stylesheet" href="/assets/page.css" />
    <script type="module" src="/assets/page.js"></script>
  </head>
  <body data-lane="${lane ?? ''}">
    <a class="skip" href="#lanes">Skip to the lanes</a>
    <header>
      <h1>Signalbox</h1>
      <p>${policy.installation} on ${policy.cluster} · policy <code>${policy.version}</code> · <time datetime="${new Date(clock).toISOString()}">${new Date(clock).toISOString().slice(0, 16).replace('T', ' ')} UTC</time></p>
      <button id="tour" type="button">Tour</button>
    </header>
    <p id="said" role="status" aria-live="polite"></p>
    <main>
      <section id="lanes" class="wide" aria-labelledby="h-lanes"><h2 id="h-lanes">Lanes</h2><div data-fragment="sides">${parts['sides']}</div><div data-fragment="lanes">${parts['lanes']}</div></section>
      <section aria-labelledby="h-chat"><h2 id="h-chat">Slack</h2>
        <label class="who">You are <select id="who">${peopleOf(policy.approvals).map(({ id, name }) => html`<option value="${id}">${name}</option>`)}<option value="T0SIGNAL/U0GUEST">a guest, who may not approve</option></select></label>
        <div data-fragment="chat">${parts['chat']}</div></section>
      <section aria-labelledby="h-plan"><h2 id="h-plan">Plan</h2><div data-fragment="plan">${parts['plan']}</div></section>
      <div class="stack">
        <section aria-labelledby="h-spend"><h2 id="h-spend">Spend</h2><div data-fragment="spend">${parts['spend']}</div></section>
        <section aria-labelledby="h-pools"><h2 id="h-pools">Pools</h2><div data-fragment="pools">${parts['pools']}</div></section>
      </div>
      <section aria-labelledby="h-timeline"><h2 id="h-timeline">Timeline</h2><div data-fragment="timeline">${parts['timeline']}</div></section>
      <section aria-labelledby="h-feed"><h2 id="h-feed">Events</h2><div data-fragment="feed">${parts['feed']}</div></section>
    </main>
    <footer><p>One explained, priced plan for every event, carried out exactly once.</p></footer>
  </body>
</html>`
