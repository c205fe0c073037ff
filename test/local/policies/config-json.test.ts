import { expect, it } from 'vitest'
import { configJson } from '../../../local/policies/config-json.ts'

const read = (text: string) => configJson(new TextEncoder().encode(text))

it.each([
  ['a comment', '{\n  // ours\n  "cluster": "ml"\n}', 'line 2: JSON has no comments: leave it out'],
  ['a comment of lines', '{ "cluster": "ml" /* ours */ }', 'line 1: JSON has no comments'],
  ['a comment of YAML', '# ours\n{ "cluster": "ml" }', 'line 1: JSON has no comments'],
  ['a comma too much', '{\n  "a": ["x",],\n  "b": 1\n}', 'line 2: JSON takes no comma before a closing bracket'],
  ['the last comma', '{\n  "a": 1,\n}', 'line 2: JSON takes no comma'],
  ['other quotes', "{\n  'a': 1\n}", 'line 2: JSON has texts in double quotes'],
  ['keys without quotes', '{\n  "a": { "b": "{c: 1}",\n  cluster: 1 }\n}', 'line 3: JSON has keys in double quotes'],
  ['nothing', '', 'the file is empty: write a policy'],
  ['nothing but a mark and lines', '\ufeff\n \n', 'the file is empty'],
  ['half of it', '{ "a": ', 'Unexpected end of JSON input'],
  ['a key twice', '{ "a": 1, "a": 2 }', 'it says `a` twice at one place'],
])('%s is answered with its line and what to write', (_, text, message) => {
  expect(() => read(text)).toThrow(message)
})

it('a mark of byte order is passed over, and what is only like a habit is read', () => {
  expect(read('\ufeff{ "a": "// b, } \' # c: \\"", "http://x": [1, 2] }')).toEqual({
    a: '// b, } \' # c: "',
    'http://x': [1, 2],
  })
  expect(read('{ "$schema": "./policy.schema.json", "a": 1 }')).toEqual({ a: 1 })
})

it('what is no UTF-8 is said to be none', () => {
  expect(() => configJson(Buffer.from('\ufeff{"a": 1}', 'utf16le'))).toThrow('the file is no UTF-8: save it as that')
})
