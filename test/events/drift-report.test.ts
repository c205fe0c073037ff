import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verdictOf } from '../../events/drift-report.ts'

const FOLDER = new URL('reports/', import.meta.url)
const bodies = new Map(
  readdirSync(FOLDER).map((file) => [
    file.slice('evidently-'.length, -'.json'.length),
    (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { body: string }).body,
  ]),
)
const verdict = (text: string) => verdictOf(Buffer.from(text))
const body = (name: string): string => bodies.get(name) ?? ''

describe('a report of Evidently', () => {
  it('of 0.7 with tests says by the test of the share of drifted columns whether it drifts', () => {
    expect(verdict(body('v0-7-drift-with-tests'))).toEqual({
      kind: 'drifts',
      text: 'Share of Drifted Columns: Actual value 0.600 >= 0.500',
    })
    // One column that drifts is no drift of the dataset.
    const { tests } = JSON.parse(body('v0-7-drift-with-tests'))
    const [ofDataset, ofColumn] = [
      { ...tests[0], status: 'SUCCESS' },
      { ...tests[1], status: 'FAIL' },
    ]
    expect(verdict(JSON.stringify({ metrics: [], tests: [ofDataset, ofColumn] }))).toMatchObject({ kind: 'steady' })
    expect(verdict(JSON.stringify({ metrics: [], tests: [ofColumn] }))).toMatchObject({ kind: 'drifts' })
  })

  it.each(['v0-7-drift', 'v0-7-no-drift'])(
    '%s, of 0.7 without tests, is no verdict, whatever its scores are',
    (name) => {
      expect(verdict(body(name))).toEqual({
        kind: 'bad',
        detail: expect.stringContaining('include_tests=True'),
      })
    },
  )

  it('of before 0.7 says itself whether the dataset drifts', () => {
    expect(verdict(body('v0-6-7-report'))).toEqual({ kind: 'drifts', text: 'share of drifted columns 0.6' })
    const steady = body('v0-6-7-report').replaceAll('"dataset_drift": true', '"dataset_drift": false')
    expect(verdict(steady)).toMatchObject({ kind: 'steady' })
  })

  it('of a suite of tests before 0.7 says by their status', () => {
    const suite = (status: string) =>
      JSON.stringify({ version: '0.6.7', tests: [{ name: 'Share', description: 'd', status }], summary: {} })
    expect(verdict(suite('FAIL'))).toEqual({ kind: 'drifts', text: 'd' })
    expect(verdict(suite('SUCCESS'))).toMatchObject({ kind: 'steady' })
    expect(verdict(suite('WARNING'))).toMatchObject({ kind: 'steady' })
    for (const status of ['ERROR', 'SKIPPED']) expect(verdict(suite(status))).toMatchObject({ kind: 'bad' })
  })

  it.each([
    ['a bare NaN', body('v0-7-no-drift').replace('0.7704365372945415', 'NaN')],
    ['an Infinity', body('v0-7-no-drift').replace('0.7704365372945415', '-Infinity')],
    ['something else', '[]'],
    ['nothing', ''],
    ['what has neither tests nor a verdict', '{"metrics": []}'],
  ])('with %s is no verdict, least of all that nothing drifts', (_, text) => {
    expect(verdict(text)).toMatchObject({ kind: 'bad' })
  })

  it('any bytes are a verdict or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(['drifts', 'steady', 'bad']).toContain(verdictOf(bytes).kind)
        },
      ),
    )
  })
})
