import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registryEvents } from '../../events/registry-webhook.ts'
import { versionChanged } from '../../events/version-changed.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('version-changed')
const onBus = samples.filter(({ event }) => event !== undefined)
const captured = samples.filter(({ request }) => request !== undefined)
const base = onBus.find(({ name }) => name === 'base')?.event as Record<string, unknown>

describe('a version that changed', () => {
  it.each(onBus)('$name is what its sample says', ({ event, expect: expected }) => {
    expect(versionChanged.parse(event)).toMatchObject(
      expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
    )
  })

  it.each(captured)('$name, as captured, comes through our bus', ({ name, request }) => {
    const read = registryEvents('d-1', JSON.parse(request?.body ?? ''))
    if (!read.ok) throw new Error(read.detail)
    const [told] = read.event.filter(({ detailType }) => detailType === 'Model Version Changed')
    const isTag = name === 'tag-set'
    // A tag may be what its version is served by, too.
    expect(read.event.map(({ detailType }) => detailType)).toEqual([
      ...(isTag ? ['Model Promotion Changed'] : []),
      'Model Version Changed',
    ])
    expect(versionChanged.parse({ ...base, detail: told?.detail })).toEqual({
      ok: true,
      event: {
        ...{ type: 'version-changed', id: 'd-1', at: expect.any(Number), model: 'demo-llm', replayed: false },
        ...{ version: isTag ? '2' : '1', tag: isTag ? 'signalbox.promote' : null },
      },
    })
    expect(JSON.stringify(told)).not.toContain('first')
  })

  it('is none where a tag was deleted, and none of a test delivery; other workspaces are said', () => {
    const body = (entity: string, action: string, data: object) => ({
      ...{ entity, action, timestamp: '2026-11-23T18:39:35+00:00', data },
    })
    const kinds = (input: unknown) => {
      const read = registryEvents('d', input)
      return read.ok ? read.event.map(({ detailType }) => detailType) : read.reason
    }
    expect(kinds(body('model_version_tag', 'deleted', { name: 'm', version: '1', key: 'k' }))).toEqual([
      'Model Promotion Changed',
    ])
    expect(kinds(body('model_version', 'created', { name: 'example_model', version: '1' }))).toBe('test-payload')
    expect(kinds(body('model_version', 'created', { name: 'm', version: '01' }))).toBe('bad-field')
    expect(kinds(body('prompt', 'created', { name: 'm' }))).toBe('not-this-event')
    const read = registryEvents('d', {
      ...body('model_version', 'created', { name: 'm', version: '1' }),
      workspace: 'w',
    })
    const told = read.ok ? versionChanged.parse({ ...base, detail: read.event[0]?.detail }) : read
    expect(told).toMatchObject({ event: { workspace: 'w' } })
    expect(versionChanged.parse({ ...base, 'replay-name': 'r' })).toMatchObject({ event: { replayed: true } })
    expect(versionChanged.parse({ ...base, source: 'aws.s3' })).toMatchObject({ reason: 'not-this-event' })
  })

  it('is total', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        for (const read of [versionChanged.parse({ ...base, detail: input }), registryEvents('d', input)])
          if (!read.ok) expect(read.detail).not.toBe('')
      }),
    )
  })
})
