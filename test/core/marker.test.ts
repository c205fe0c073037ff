import { describe, expect, it } from 'vitest'
import { SHORT } from '../../core/lane/change.ts'
import { anotherText, restoredText, setsBack, unmarkedText } from '../../core/marker.ts'
import { label } from '../../core/names.ts'
import { said } from '../../core/text.ts'

const arn = 'arn:aws:dynamodb:ap-southeast-2:111122223333:table/signalbox-of-the-research-team-ledger'
const [me, other] = [
  { ledger: 'aaaaaaaaaaaa', home: arn },
  { ledger: 'bbbbbbbbbbbb', home: `${arn}-2` },
]
const namespace = 'training-of-the-research-team'

describe('a rest still says what to do, however long the names are', () => {
  it.each([
    ['another ledger', anotherText(namespace, { ...other, since: '2026-11-23T12:00:00.000Z' }, me), 'signalbox adopt'],
    ['the same elsewhere', anotherText(namespace, { ...me, home: 'x', since: 'then' }, me), 'signalbox adopt'],
    ['restored', restoredText(namespace, `service-${'a'.repeat(30)}-12345678-g12`), 'signalbox adopt'],
    ['unmarked', unmarkedText(namespace), 'signalbox bootstrap --apply'],
  ])('%s', (_, text, command) => {
    expect(said(`cluster does not let us now: ${text}`, SHORT)).toContain(command)
  })
})

it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
  ['a lower fence of the same manager', { workload: '3' }, { workload: '4' }, true],
  ['the same fence', { workload: '4' }, { workload: '4' }, false],
  ['a lower one of another manager', { workload: '3' }, { workload: '3', scale: '9' }, false],
  ['a fence where none stands', { workload: '1' }, {}, false],
  ['what is no number', { workload: '1' }, { workload: 'x' }, false],
])('%s is set back: that is so, or not', (_, given, stands, back) => {
  const object = (fences: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Service' as const,
    metadata: {
      name: 'a',
      annotations: Object.fromEntries(Object.entries(fences).map(([of, n]) => [label(`fence-${of}`), n])),
    },
  })
  expect(setsBack(object(given), object(stands))).toBe(back)
})
