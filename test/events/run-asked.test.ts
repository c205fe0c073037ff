import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNothingSet } from '../../events/occasions.ts'
import { runAsked } from '../../events/run-asked.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('run-asked')
const eventOf = (name: string) => samples.find((sample) => sample.name === name)?.event
const parsed = (name: string, over: object = {}) => runAsked.parse({ ...(eventOf(name) as object), ...over })

describe('a run that is asked for by hand', () => {
  it.each(samples)('$name is what its sample says', ({ name, expect: expected }) => {
    expect(parsed(name)).toMatchObject(expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused })
  })

  it('says which request, of which pipeline, who asks and what is set', () => {
    expect(parsed('set')).toEqual({
      ok: true,
      event: {
        ...{ type: 'run-asked', id: '7c1e0f5a-6a2b-4a53-9a50-0f3d8c5b9d11', at: 1795428012000 },
        ...{ pipeline: 'support-chats', by: 'ana', replayed: false },
        set: { 'fine-tune': { args: ['--lr', '0.0001'], env: { EPOCHS: '3' } } },
      },
    })
  })

  it('sets nothing where nothing is said', () => {
    for (const set of [undefined, {}, { train: {} }]) {
      const { event } = parsed('base', { set }) as { event: { set: object } }
      expect(isNothingSet(event.set as never)).toBe(true)
    }
  })

  it('is total: whatever it is given, it is an event or a refusal', () => {
    fc.assert(
      fc.property(fc.anything(), (set) => {
        const answer = parsed('base', { set })
        expect(answer.ok || answer.detail.length > 0).toBe(true)
      }),
    )
  })
})
