import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelPromoted } from '../../events/model-promoted.ts'
import { registryEvents } from '../../events/registry-webhook.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('model-promoted')
const captured = samples.filter(({ request }) => request !== undefined)
const onBus = ({ source, detailType, detail }: { source?: string; detailType?: string; detail?: unknown } = {}) => ({
  id: 'i',
  source,
  'detail-type': detailType,
  time: '2026-11-23T18:52:19Z',
  detail,
})

describe('MLflow’s alias webhook', () => {
  it.each(captured)('$name, as captured, is what its sample says', ({ name, request, expect: expected }) => {
    const parsed = registryEvents('d-1', JSON.parse(request?.body ?? ''))
    if (expected !== 'accepted') {
      expect(parsed).toMatchObject({ ok: false, reason: expected.refused })
      return
    }
    if (!parsed.ok) throw new Error(parsed.detail)
    expect(modelPromoted.parse(onBus(parsed.event[0]))).toMatchObject({
      ok: true,
      event: {
        id: 'd-1',
        model: JSON.parse(request?.body ?? '').data.name,
        signal: name === 'tag-set' ? { kind: 'tag', name: 'signalbox.promote' } : { kind: 'alias', name: 'champion' },
      },
    })
  })

  it('says whose webhook told of it, where the registry has workspaces', () => {
    const workspaceOf = (sample: string) => {
      const parsed = registryEvents(
        'd-1',
        JSON.parse(captured.find(({ name }) => name === sample)?.request?.body ?? ''),
      )
      return parsed.ok ? modelPromoted.parse(onBus(parsed.event[0])) : parsed
    }
    expect(workspaceOf('workspace-alias-set')).toMatchObject({ event: { model: 'm', workspace: 'team-a' } })
    expect(workspaceOf('alias-set')).not.toHaveProperty('event.workspace')
  })

  it('a deletion names no version and is a change like any other', () => {
    expect(modelPromoted.parse(samples.find(({ name }) => name === 'bus-alias-deleted')?.event)).toMatchObject({
      event: { signal: { kind: 'alias', name: 'champion' }, model: 'support-llama' },
    })
  })

  it('refuses test deliveries at both ends', () => {
    const test = {
      entity: 'model_version_alias',
      action: 'created',
      timestamp: '2026-11-23T18:39:35+00:00',
      data: { name: 'example_model', alias: 'example_alias', version: '1' },
    }
    expect(registryEvents('d', test)).toMatchObject({ reason: 'test-payload' })
    expect(
      modelPromoted.parse(
        onBus({
          source: 'signalbox.registry',
          detailType: 'Model Promotion Changed',
          detail: { deliveryId: 'd', ...test },
        }),
      ),
    ).toMatchObject({ reason: 'test-payload' })
  })

  it('is total', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        for (const parsed of [modelPromoted.parse(input), registryEvents('d', input)])
          if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
  })
})
