import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gate } from '../../core/gate.ts'
import { judge, parseResult } from '../../core/result.ts'

const PREFIX = 's3://acme-results/results/job-1/'
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const parse = (value: unknown) => parseResult(bytes(value), { object: 'job-1', prefix: PREFIX })
const whyNot = (value: unknown): string => {
  const parsed = parse(value)
  return parsed.ok ? 'ok' : `${parsed.reason}: ${parsed.detail}`
}

describe('a result', () => {
  const good = {
    object: 'job-1',
    metrics: { loss: 0.41, 'acc/none': -2e-3 },
    artifacts: { model: `${PREFIX}adapter/` },
  }

  it('is read when it is of this Job, finite and under its prefix; unknown fields are left alone', () => {
    expect(parse({ ...good, extra: [1] })).toEqual({
      ok: true,
      result: { metrics: good.metrics, artifacts: good.artifacts },
    })
    expect(parseResult(bytes(good), { object: 'job-1', prefix: PREFIX.slice(0, -1) }).ok).toBe(true)
  })

  it('is held to a folder even when its prefix is given without the slash', () => {
    const neighbour = bytes({ ...good, artifacts: { model: 's3://acme-results/results/job-11/a' } })
    expect(parseResult(neighbour, { object: 'job-1', prefix: PREFIX.slice(0, -1) }).ok).toBe(false)
  })

  it('names at most 32 artifacts: more are a folder', () => {
    const named = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, `${PREFIX}a/${n}`]))
    expect(parse({ object: 'job-1', artifacts: named(32) })).toMatchObject({ ok: true })
    expect(parse({ object: 'job-1', artifacts: named(33) })).toMatchObject({
      ok: false,
      detail: expect.stringContaining('names 33, and at most 32'),
    })
  })

  it('may leave out metrics or artifacts', () => {
    expect(parse({ object: 'job-1' })).toEqual({ ok: true, result: { metrics: {}, artifacts: {} } })
  })

  it('of another Job is refused, and so is one of nobody', () => {
    expect(whyNot({ ...good, object: 'job-2' })).toBe(
      'result-malformed: `object` must be "job-1", the Job\'s name, and is "job-2"',
    )
    expect(whyNot({ metrics: {} })).toContain('is missing')
    expect(whyNot({ ...good, object: { deep: 1 } })).toContain('is an object')
  })

  it.each(['NaN', 'Infinity', '-Infinity'])('with a bare %s is refused with a sentence that says so', (token) => {
    expect(whyNot(`{"object": "job-1", "metrics": {"score": ${token}}}`)).toContain(
      `a bare ${token}, which is not JSON`,
    )
  })

  it('is never blamed on NaN when that is only a word in it', () => {
    expect(whyNot('{"object": "NaN here')).toBe('result-malformed: it is not JSON')
  })

  it('that says a measure twice is refused: nobody knows which was meant', () => {
    expect(whyNot('{"object": "job-1", "metrics": {"score": 0.1, "score": 1}}')).toContain('it says "score" twice')
  })

  it('with a number beyond what is finite is refused', () => {
    expect(whyNot('{"object": "job-1", "metrics": {"score": 1e999}}')).toContain(
      'metric "score" must be a finite number and is Infinity',
    )
    for (const value of ['0.9', null, true, [1]])
      expect(whyNot({ ...good, metrics: { score: value } })).toContain('metric "score" must be a finite number')
  })

  it.each([
    ['another bucket', 's3://elsewhere/results/job-1/a'],
    ["another Job's folder", 's3://acme-results/results/job-2/a'],
    ['a folder that only starts alike', 's3://acme-results/results/job-11/a'],
    ['a way up', `${PREFIX}../job-2/a`],
    ['a way up at the end', `${PREFIX}a/..`],
    ['an escaped way up', `${PREFIX}%2e%2e/job-2/a`],
    ['a query', `${PREFIX}a?versionId=1`],
    ['a line break', `${PREFIX}a\nb`],
    ['nothing below the prefix', PREFIX],
    ['a local file', 'file:///etc/passwd'],
    ['no text', 7],
  ])('whose artifact points at %s is refused', (_, uri) => {
    expect(whyNot({ ...good, artifacts: { model: uri } })).toContain(
      `artifact "model" must be a plain URI under ${PREFIX}`,
    )
  })

  it('is refused for names that would mislead a reader or a program', () => {
    for (const name of ['', '__proto__', '1st', 'a b', '\u202ereversed', 'x'.repeat(81)])
      expect(whyNot(`{"object": "job-1", "metrics": {${JSON.stringify(name)}: 1}}`)).toContain(
        'must start with a letter',
      )
    expect(whyNot({ ...good, metrics: { model: 1 } })).toContain('"model" is both a metric and an artifact')
  })

  it('is refused when it is not an object of objects', () => {
    for (const value of [null, 1, 'x', []]) expect(whyNot(JSON.stringify(value))).toContain('must be a JSON object')
    expect(whyNot({ ...good, metrics: [1] })).toContain('`metrics` must be an object')
    expect(whyNot({ ...good, artifacts: 'x' })).toContain('`artifacts` must be an object')
  })

  it('is refused over 64 KiB, and read at exactly 64 KiB', () => {
    const padded = (length: number) =>
      `${JSON.stringify(good).slice(0, -1)}${' '.repeat(length - JSON.stringify(good).length)}}`
    expect(parse(padded(65_536)).ok).toBe(true)
    expect(whyNot(padded(65_537))).toContain('65537 bytes')
  })

  it('that is not text is refused, and so is one that is nested without end', () => {
    const invalid = parseResult(new Uint8Array([0x7b, 0xff, 0x7d]), { object: 'job-1', prefix: PREFIX })
    expect(invalid).toMatchObject({ ok: false, detail: 'it is not UTF-8 text' })
    expect(whyNot(`{"object": ${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toContain('is a list')
  })

  it('never makes reading throw, and only ever yields finite numbers and our own URIs', () => {
    const looksRight = fc.record({
      object: fc.constantFrom('job-1', 'job-2'),
      metrics: fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(fc.double(), fc.jsonValue())),
      artifacts: fc.dictionary(
        fc.string({ maxLength: 3 }),
        fc.oneof(
          fc.string(),
          fc.string().map((end) => PREFIX + end),
        ),
      ),
    })
    const input = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(bytes), looksRight.map(bytes))
    fc.assert(
      fc.property(input, (some) => {
        const parsed = parseResult(some, { object: 'job-1', prefix: PREFIX })
        expect(parsed.ok || parsed.detail.length > 0).toBe(true)
        if (!parsed.ok) return
        for (const value of Object.values(parsed.result.metrics)) expect(Number.isFinite(value)).toBe(true)
        for (const uri of Object.values(parsed.result.artifacts)) expect(uri.startsWith(PREFIX)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('gates', () => {
  const gates: Gate[] = [
    { metric: 'score', op: '>=', value: 0.8 },
    { metric: 'p95_ms', op: '<=', value: 2000 },
  ]

  it('hold when every number is on its side, the limit itself included', () => {
    expect(judge(gates, { score: 0.8, p95_ms: 2000 })).toEqual({
      passed: true,
      lines: ['score 0.8 is >= 0.8', 'p95_ms 2000 is <= 2000'],
    })
  })

  it('fail for one number on the other side, and say which', () => {
    expect(judge(gates, { score: 0.79, p95_ms: 10 })).toEqual({
      passed: false,
      lines: ['score 0.79 is not >= 0.8', 'p95_ms 10 is <= 2000'],
    })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('fail for %d, on either side', (value) => {
    for (const gate of gates) expect(judge([gate], { [gate.metric]: value }).passed).toBe(false)
  })

  it('fail for what was not measured, also when every object has a thing of that name', () => {
    expect(judge(gates, { score: 0.9 })).toMatchObject({
      passed: false,
      lines: [expect.any(String), 'p95_ms was not measured, and must be <= 2000'],
    })
    expect(judge([{ metric: 'constructor', op: '>=', value: 0 }], {}).lines).toEqual([
      'constructor was not measured, and must be >= 0',
    ])
  })

  it('fail when there are none: nothing is proven', () => {
    expect(judge([], { score: 1 }).passed).toBe(false)
  })
})
