import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datasetUploaded } from '../../events/dataset-uploaded.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('dataset-uploaded')
const base = samples.find(({ name }) => name === 'base')?.event as Record<string, unknown>

describe('S3’s Object Created', () => {
  it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
    const parsed = datasetUploaded.parse(event)
    if (expected === 'accepted') expect(parsed).toMatchObject({ ok: true })
    else expect(parsed).toMatchObject({ ok: false, reason: expected.refused })
  })

  it('takes the key as it stands: it is not URL-encoded', () => {
    const parsed = datasetUploaded.parse(samples.find(({ name }) => name === 'literal-key')?.event)
    expect(parsed).toMatchObject({ event: { key: 'support-chats/a+b %2B%20%%%/manifest.json' } })
  })

  it('knows a version and a replay when there is one', () => {
    expect(datasetUploaded.parse(base)).toMatchObject({ event: { versionId: null, replayed: false } })
    expect(datasetUploaded.parse(samples.find(({ name }) => name === 'versioned')?.event)).toMatchObject({
      event: { versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e' },
    })
    expect(datasetUploaded.parse(samples.find(({ name }) => name === 'replayed')?.event)).toMatchObject({
      event: { replayed: true },
    })
  })

  it('answers any input, hostile ones too, with an event or a reason', () => {
    const hostile = {
      get detail() {
        throw new Error('boom')
      },
    }
    expect(datasetUploaded.parse(hostile)).toMatchObject({ ok: false })
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const parsed = datasetUploaded.parse(input)
        if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
  })

  it('names the path that is wrong, whichever field is broken', () => {
    const paths = [
      ['source'],
      ['time'],
      ['detail', 'bucket', 'name'],
      ['detail', 'object', 'key'],
      ['detail', 'object', 'size'],
    ]
    for (const path of paths) {
      const broken = structuredClone(base)
      let at = broken
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
      at[path.at(-1) as string] = null
      expect(datasetUploaded.parse(broken)).toMatchObject({
        ok: false,
        reason: 'bad-field',
        detail: expect.stringContaining(path.join('.')),
      })
      delete at[path.at(-1) as string]
      expect(datasetUploaded.parse(broken)).toMatchObject({
        ok: false,
        reason: 'missing-field',
        detail: expect.stringContaining(path.join('.')),
      })
    }
  })

  it('fields that it does not know change nothing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().map((key) => `x-${key}`),
          fc.jsonValue(),
        ),
        (extra) => {
          expect(datasetUploaded.parse({ ...extra, ...base })).toEqual(datasetUploaded.parse(base))
        },
      ),
    )
  })
})
