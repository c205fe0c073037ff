import { describe, expect, it } from 'vitest'
import { piped } from '../../variants.ts'
import { exampleWith, problemsOf } from '../training-fixture.ts'

const { on: _, ...rest } = piped()
const problemsWith = (on: object) => problemsOf({ ...exampleWith(), pipelines: { nightly: { ...rest, on } } })
const schedule = { cron: '0 2 * * *', zone: 'Europe/Berlin' }

describe('what begins a pipeline', () => {
  it.each([{ schedule }, { hand: true }, { schedule, hand: false }, { dataset: piped().on.dataset }])(
    'may be %j',
    (on) => {
      expect(problemsWith(on)).toEqual([])
    },
  )

  it.each([
    [{}, /^pipelines\.nightly\.on: say what begins it/],
    [{ hand: false }, /say what begins it/],
    [{ drift: { service: 'support-llama' } }, /on\.dataset: drift runs it on the newest dataset version/],
    [{ schedule: { ...schedule, zone: '+01:00' } }, /schedule\.zone: no such zone is in the IANA database/],
    [{ schedule: { ...schedule, cron: '0 0 30 2 *' } }, /schedule\.cron: no day ever has that date/],
    [{ schedule: { ...schedule, cron: 'nightly' } }, /schedule\.cron: write the five fields of cron/],
    [{ schedule: { cron: '0 2 * * *' } }, /schedule\.zone/],
    [{ schedule: { ...schedule, timeZone: 'UTC' } }, /say `zone`/],
  ])('is not %j', (on, why) => {
    expect(problemsWith(on).join('\n')).toMatch(why)
  })
})
