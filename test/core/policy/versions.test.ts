import { describe, expect, it } from 'vitest'
import { type PolicyError, parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'

const { on, register: _, ...rest } = piped()
const linked = (from: string, to?: string, more: object = {}) => ({
  ...rest,
  ...(to === undefined ? {} : { register: { model: to } }),
  on: { version: { model: from, ...more } },
})
const problemsOf = (pipelines: object): string[] => {
  try {
    parsePolicy({ ...example, pipelines })
    return []
  } catch (error) {
    return (error as PolicyError).problems
  }
}

describe('versions that begin a pipeline', () => {
  it('may be of any model, with a tag or without, beside the clock and people; what is found is what an event names', () => {
    const pipelines = {
      scan: linked('m', undefined, { tag: { key: 'stage', value: 'candidate' } }),
      nightly: { ...rest, on: { version: { model: 'm' }, schedule: { cron: '0 2 * * *', zone: 'UTC' }, hand: true } },
      quantize: linked('m', 'm-awq'),
    }
    expect(problemsOf(pipelines)).toEqual([])
    const { found } = parsePolicy({ ...example, pipelines } as never)
    expect(found.byVersion.get('m')).toEqual(['scan', 'nightly', 'quantize'])
  })

  it('are none where datasets begin it, and have names that MLflow can be asked about', () => {
    expect(problemsOf({ both: { ...rest, on: { dataset: on.dataset, version: { model: 'm' } } } })).toEqual([
      expect.stringMatching(/^pipelines\.both\.on\.version: .*give these a pipeline of their own/),
    ])
    expect(problemsOf({ odd: linked('a/b') })).toEqual([expect.stringMatching(/^pipelines\.odd\.on\.version\.model: /)])
    expect(problemsOf({ odd: linked('m', undefined, { tag: { key: 'a`b', value: 'x' } }) })).toEqual([
      expect.stringMatching(/^pipelines\.odd\.on\.version\.tag\.key: MLflow cannot be asked/),
    ])
    expect(problemsOf({ odd: { ...rest, on: { model: 'm' } } }).join()).toContain('say `version: { model }`')
  })

  it('of what a pipeline registers itself do not begin it, with a tag neither', () => {
    for (const more of [{}, { tag: { key: 'a', value: 'b' } }])
      expect(problemsOf({ again: linked('m', 'm', more) })).toEqual([
        'pipelines.again.on.version.model: each run would begin the next, for ever: `again` begins by versions of `m` and registers `m`. Register another model in one of them, or let it begin by something else',
      ])
  })

  it('lead round in no ring, over however many pipelines, and each ring is told once, by its names', () => {
    const ring = { a: linked('1', '2'), b: linked('2', '3'), c: linked('3', '1') }
    const line = { x: linked('0', '1'), y: linked('2', '9'), z: linked('9') }
    const said = problemsOf({ ...line, ...ring })
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(
      'pipelines.a.on.version.model: each run would begin the next, for ever: `a` begins by versions of `1` and registers `2`, `b` begins by versions of `2` and registers `3`, `c` begins by versions of `3` and registers `1`',
    )
    expect(problemsOf({ ...line, a: ring.a, b: ring.b })).toEqual([])
    expect(problemsOf({ ...ring, d: linked('7', '8'), e: linked('8', '7') })).toHaveLength(2)
    // What datasets begin may register what begins another.
    expect(problemsOf({ train: { ...piped({ as: 'm' }) }, scan: linked('m', 'm-scanned') })).toEqual([])
  })
})
