import { expect, it } from 'vitest'
import { whyNotGo } from '../../../core/policy/go-regex.ts'

// Each was given to `regexp.Compile` of Go 1.24.

it.each([
  ...[
    '',
    'paris',
    '(?i)paris',
    '^(yes|no)$',
    '(?m)^- .+$',
    'a*?',
    'a{2,}',
    'a{1000}',
    '()*',
    '^*',
    'x(?i)*',
    '{,3}',
    '{',
  ],
  ...[
    String.raw`\d{4}-\d{2}`,
    String.raw`\p{Greek}\pL`,
    String.raw`\x{1F600}\x41\123\0`,
    String.raw`\Q(?=\E*`,
    String.raw`\Q`,
  ],
  ...[
    '[]a]',
    '[^]a]',
    String.raw`[a\]b]`,
    '[[:alpha:]_-]',
    '[a-z0-9]',
    '(?P<year>x)(?<day>y)',
    'é+',
    String.raw`\{\}\.\-`,
  ],
])('%s is compiled', (text) => {
  expect(whyNotGo(text)).toBeNull()
})

it.each([
  ['(?=foo)', 'Go has no (?=f…'],
  ['(?<!un)known', 'Go has no (?<!…'],
  ['(?>a)', 'Go has no (?>a…'],
  [String.raw`(a)\1`, String.raw`Go has no \1`],
  [String.raw`\k<x>`, String.raw`Go has no \k`],
  ['a\\', 'Go has no \\'],
  ['[abc', 'a [ has no ]'],
  ['[]', 'a [ has no ]'],
  ['(a', 'a ( has no )'],
  ['a)', 'a ) has no ('],
  ['*a', '* repeats nothing'],
  ['a|+', '+ repeats nothing'],
  ['(?i)*', '* repeats nothing'],
  ['a**', '* repeats what is repeated'],
  ['a++', '+ repeats what is repeated'],
  ['a{1001}', '{1001} is none that Go repeats'],
  ['a{3,2}', '{3,2} is none that Go repeats'],
  ['[z-a]', 'z-a is no range'],
  ['[[:foo:]]', 'Go has no [:foo:]'],
  [String.raw`[\b]`, String.raw`Go has no \b in […]`],
])('%s is not: %s', (text, why) => {
  expect(whyNotGo(text)).toBe(why)
})
