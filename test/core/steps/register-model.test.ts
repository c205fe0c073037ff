import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { RegisterModelStep } from '../../../core/plan.ts'
import { foundTag, registration } from '../../../core/steps/register-model.ts'

const step: RegisterModelStep = {
  kind: 'register-model',
  name: 'register',
  title: '',
  why: '',
  model: 'm',
  of: 'train',
  tags: { [label('dataset')]: 'chats', [label('requested-by')]: 'T/U' },
}
const run = { name: 'pipeline-chats-0123abcd' }
const of = (source: string) => registration(step, { ...run, values: { model: source, loss: 1 } })

describe('a registration', () => {
  it('carries what the plan says of it, and one tag that names the lane and the artifact', () => {
    expect(of('s3://out')).toEqual({
      model: 'm',
      source: 's3://out',
      runId: null,
      tags: {
        'signalbox.dev/dataset': 'chats',
        'signalbox.dev/requested-by': 'T/U',
        'signalbox.dev/plan': expect.stringMatching(/^pipeline-chats-0123abcd-[0-9a-f]{8}$/),
      },
    })
  })

  it('is found again by that tag, whichever attempt or generation made it; another artifact or lane is another one', () => {
    const found = foundTag(of('s3://out')!)
    expect(found[0]).toBe('signalbox.dev/plan')
    expect(foundTag(of('s3://out')!)).toEqual(found)
    expect(found[1]).not.toMatch(/-g\d+/)
    expect(foundTag(of('s3://other')!)).not.toEqual(found)
    expect(
      foundTag(registration(step, { name: 'pipeline-other-0123abcd', values: { model: 's3://out' } })!),
    ).not.toEqual(found)
  })

  it('no tag of the policy takes the place of ours', () => {
    const loud = { ...step, tags: { [label('plan')]: 'mine' } }
    expect(foundTag(registration(loud, { ...run, values: { model: 's3://out' } })!)[1]).toContain(run.name)
  })

  const none: (Record<string, string | number> | null)[] = [null, {}, { model: 7 }]

  it.each(none)('there is none when the result names no model: %j', (values) => {
    expect(registration(step, { ...run, values })).toBeNull()
  })
})
