import { expect, it } from 'vitest'
import type { ShownNotice } from '../../../core/money/notice-text.ts'
import { noticesFragment } from '../../../local/page/notices.ts'

const notice = (given: Partial<ShownNotice> = {}): ShownNotice => ({
  ...{ at: Date.UTC(2026, 10, 24), of: 'aws-budget', name: 'gpus', amount: null, isForecast: false, plausible: true },
  ...{
    own: null,
    budget: 'ml-monthly',
    text: 'AWS Budgets counts $1.00',
    beside: ['our meter has $2.00', 'it is a forecast'],
  },
  ...given,
})

it('shows each with what our meter had, in words that no page obeys, and says so where one cannot be so', async () => {
  const text = String(
    await noticesFragment([notice(), notice({ budget: null, plausible: false, text: '<script>x</script>' })]),
  )
  expect(text).toContain(
    '2026-11-24 00:00 UTC, ml-monthly: AWS Budgets counts $1.00. our meter has $2.00; it is a forecast',
  )
  expect(text).toContain('of no budget: &lt;script&gt;x&lt;/script&gt;. <b>Not plausible.</b>')
  expect(text).not.toContain('<script>')
})

it('is nothing where nobody has told anything', async () => {
  expect(String(await noticesFragment([]))).toBe('')
})
