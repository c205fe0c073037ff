import { html } from 'hono/html'
import type { ShownNotice } from '../../core/money/notice-text.ts'
import { plainTime } from '../../core/text.ts'

/** What others have told last of budgets, with our own figure of the same days as it was then; nothing where nobody has. */
export const noticesFragment = (notices: readonly ShownNotice[]): ReturnType<typeof html> =>
  notices.length === 0
    ? html``
    : html`<h3>What others count</h3>
    <ul class="notices">${notices.map(
      ({ at, budget, text, beside, plausible }) =>
        html`<li>${plainTime(at)}, ${budget ?? 'of no budget'}: ${text}. ${plausible === false ? html`<b>Not plausible.</b> ` : ''}${beside.join('; ')}</li>`,
    )}</ul>`
