import { expect, it } from 'vitest'
import { whyNoGoPattern } from '../../../core/policy/go-pattern.ts'

it.each([
  'thirty|30 days?',
  '(?i)^yes\\b.*\\.$',
  '(?P<days>\\d+) days',
  '(?:a|b)+?',
  '[[:alpha:]]+ \\pL [^\\]()]',
  '[](]',
  '\\Q(+\\E',
  '\\(unclosed',
  'a{2,3}',
  '$^',
])('%s is none that Go would not take', (text) => expect(whyNoGoPattern(text)).toBeNull())

it.each([
  ['(', 'a `(` is never closed'],
  ['a)', 'its `)` closes nothing'],
  ['[a-', 'a `[` is never closed'],
  ['(?=a)', 'Go looks neither ahead nor behind'],
  ['a(?<!b)', 'Go looks neither ahead nor behind'],
  ['(a)\\1', 'no way back'],
  ['+1', 'nothing is before its `+`'],
  ['a|*', 'nothing is before its `*`'],
  ['a\\', 'in the midst of an escape'],
])('%s is no expression of Go', (text, why) => expect(whyNoGoPattern(text)).toContain(why))
