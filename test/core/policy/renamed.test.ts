import { expect, it } from 'vitest'
import { neverSoNamed } from '../../../core/policy/renamed.ts'

const policy = (pipelines: object) => ({ pipelines, services: { chat: { was: 'llama' } } }) as never
const said = (was: string | undefined, lanes: string[]) =>
  neverSoNamed(policy({ chats: { was }, code: {} }), ['service/llama', ...lanes]).map(
    ({ path, why }) => `${path}: ${why}`,
  )
const ANEW = 'pipelines.chats.was: nothing was ever begun under the name `secnd`, so this begins anew: '

it('a name from before that no lane has is said, with the lane that is meant', () => {
  expect(said('secnd', ['pipeline/second', 'pipeline/code'])).toEqual([`${ANEW}did you mean \`second\`?`])
  expect(said('secnd', ['pipeline/first', 'pipeline/chats'])).toEqual([
    `${ANEW}write one of first, chats, or leave it out`,
  ])
})

it('nothing is said where a lane has it, where no lane is left over, and where nothing was renamed', () => {
  expect(said('second', ['pipeline/second', 'pipeline/first'])).toEqual([])
  expect(said('secnd', ['pipeline/code', 'pool/gpu-train'])).toEqual([])
  expect(said(undefined, ['pipeline/second'])).toEqual([])
})
