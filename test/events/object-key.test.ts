import { expect, it } from 'vitest'
import { whyNotNamed } from '../../events/object-key.ts'

it.each<[string, string | null]>([
  ['chats/2026/a b/manifest.json', null],
  ['chats/$(date)/`x`.jsonl', null],
  ['chats/..a/b..', null],
  ['other/a', 'is not below chats/, which the pipeline reads'],
  ['chats/../payroll/a', 'leads elsewhere by `.` or `..`'],
  ['chats/./a', 'leads elsewhere by `.` or `..`'],
  ['chats/a\nb', 'has characters that are not seen, or turn a line around'],
  ['chats/a\u202eb', 'has characters that are not seen, or turn a line around'],
])('a key of a dataset: %j', (key, why) => {
  expect(whyNotNamed(key, 'chats/')).toBe(why)
})
