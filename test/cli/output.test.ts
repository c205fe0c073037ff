import { expect, it } from 'vitest'
import { printable } from '../../cli/output.ts'

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
