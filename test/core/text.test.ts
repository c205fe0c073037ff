import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counted, hoursText, printable, said, shortened } from '../../core/text.ts'
import { anyText } from '../any-text.ts'

const ESC = '\u001b'

it.each([
  [0, '0 objects'],
  [1, '1 object'],
  [2, '2 objects'],
])('%i is counted as %s', (count, text) => expect(counted(count, 'object')).toBe(text))

it.each([
  [0.001, '1 min'],
  [0.5, '30 min'],
  [1, '1 h'],
  [2.14, '2.1 h'],
  [12, '12 h'],
])('%d hours are %s', (hours, text) => expect(hoursText(hours)).toBe(text))

describe('what others said', () => {
  it.each<[string, string, string]>([
    ['plain text', 'loss 0.5 – größer 👍', 'loss 0.5 – größer 👍'],
    ['colours', `${ESC}[1;31merror${ESC}[0m: no`, 'error: no'],
    ['colours with one character in front', '\u009b31merror', 'error'],
    ['a title and a link', `${ESC}]0;title\u0007a ${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\ z`, 'a link z'],
    ['a title that never ends', `${ESC}]0;title`, '0;title'],
    ['a charset and a reset', `${ESC}(Bplain${ESC}c`, 'plain'],
    ['a progress bar', ' 10%|#\r 50%|#####\r100%|##########', '100%|##########'],
    ['a progress bar that waits for its next state', '50%|#####\r100%|##########\r', '100%|##########'],
    ['a progress bar that was wiped', `done${ESC}[K\r      \r`, 'done'],
    ['lines of a message', 'Traceback:\r\n\tline 1\nValueError\n', 'Traceback: line 1 ValueError'],
    ['characters that are not seen', 'a\u0000b\u0008c\u200bd\ufeffe\u00adf', 'abcd ef'],
    ['a text that turns itself around', 'safe \u202eelif.exe\u202c', 'safe elif.exe'],
    ['halves of characters', 'a\ud83db\udc4dc\udc4d\ud83d', 'abc'],
    ['nothing but orders', `${ESC}[2J\u0007\r\n`, ''],
  ])('%s', (_, text, plain) => expect(said(text, 100)).toBe(plain))

  it('is cut with an ellipsis, and never through a character', () => {
    expect(said('abcdef', 6)).toBe('abcdef')
    expect(said('abcdef', 5)).toBe('abcd…')
    expect(said('abc👍def', 5)).toBe('abc…')
    expect(said('abc👍def', 6)).toBe('abc👍…')
  })
})

describe('anything that others may say', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ESC,
      `${ESC}[`,
      '31m',
      `${ESC}]0;`,
      '\u0007',
      '\u009b',
      '\u009d',
      '\u009c',
      '\\',
      '\r',
      '\n',
      '\t',
      ' ',
    ),
    fc.constantFrom(
      '\u202e',
      '\u2066',
      '\u200b',
      '\ufeff',
      '\u2028',
      '\u00a0',
      '\ud83d',
      '\udc4d',
      '👍',
      'e\u0301',
      '…',
      'a',
    ),
    anyText({ maxLength: 3 }),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  )
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
  const most = fc.integer({ min: 1, max: 80 })

  it('is no longer than was asked for, ends in … when it was cut, and holds whole characters', () =>
    fc.assert(
      fc.property(text, most, (given, length) => {
        const [short, whole] = [said(given, length), said(given, Number.MAX_SAFE_INTEGER)]
        expect(short.length).toBeLessThanOrEqual(length)
        expect(short.isWellFormed()).toBe(true)
        if (whole.length <= length) expect(short).toBe(whole)
        else {
          expect(short.endsWith('…')).toBe(true)
          expect(whole.startsWith(short.slice(0, -1))).toBe(true)
          expect(short.length).toBeGreaterThanOrEqual(length - 1)
        }
      }),
      { numRuns: 1000 },
    ))

  it('gives no order to a terminal or a page, and stands on one line', () =>
    fc.assert(
      fc.property(text, most, (given, length) => {
        expect(said(given, length)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
      { numRuns: 1000 },
    ))

  it('is the same when it is said again', () =>
    fc.assert(
      fc.property(text, most, (given, length) => {
        expect(said(said(given, length), length)).toBe(said(given, length))
      }),
      { numRuns: 1000 },
    ))

  it.each([ESC, `${ESC}[`, `${ESC}[0;`, `${ESC}]0;`, '\u009d', '\r', '\n', ' ', ' \u200b', '\ud83d', '0'])(
    'is read in no time, 300 KB of %j too',
    (part) => {
      for (const given of [part.repeat(300_000 / part.length), `${ESC}[${part.repeat(300_000 / part.length)}`])
        expect(said(given, 200).length).toBeLessThanOrEqual(200)
    },
    5000,
  )
})

it('a name that is too long is known by both of its ends, and never ends in half a character', () => {
  expect([shortened('abcdefgh', 8), shortened('abcdefgh', 7), shortened('abcdefgh', 2)]).toEqual([
    'abcdefgh',
    'abc…fgh',
    'a…',
  ])
  expect([shortened('abc', 1), shortened('abc', 0), shortened('', 0)]).toEqual(['…', '', ''])
  fc.assert(
    fc.property(anyText({ maxLength: 40 }), fc.nat(50), (text, most) => {
      const short = shortened(text, most)
      expect(short.length).toBeLessThanOrEqual(most)
      expect(short.isWellFormed()).toBe(true)
    }),
  )
})

it.each([
  ['a line\n\tand another – größer 👍', 'a line\n\tand another – größer 👍'],
  ['\u001b]0;title\u0007\u001b[2Jall is well', '\\u001b]0;title\\u0007\\u001b[2Jall is well'],
  ['\u009b31m and over\rwritten', '\\u009b31m and over\\u000dwritten'],
  ['safe \u202eelif.exe', 'safe \\u202eelif.exe'],
  ['a tag \u{e0041}', 'a tag \\udb40\\udc41'],
])('%j is printed so that a terminal shows it and obeys nothing', (text, printed) => {
  expect(printable(text)).toBe(printed)
})

it('JSON means the same with it', () => {
  const value = { text: 'a\u009bb\u202ec\u{e0041}d' }
  expect(JSON.parse(printable(JSON.stringify(value, null, 2)))).toEqual(value)
})
