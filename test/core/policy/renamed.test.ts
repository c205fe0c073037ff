import { describe, expect, it } from 'vitest'
import { laterNamed, laterNames, neverSoNamed } from '../../../core/policy/renamed.ts'

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

describe('a lane that is renamed twice', () => {
  const rules = (pipelines: object, services: object = {}) => ({ pipelines, services }) as never
  const once = laterNames({}, rules({ chats: { was: 'support-chats' }, code: {} }, { llm: { was: 'llama' } }))
  const said = (pipelines: object, services: object = {}) =>
    laterNamed(once, rules(pipelines, services)).map(({ path, why }) => `${path}: ${why}`)

  it('keeps the name that it had first, and who says the one just before is told which', () => {
    expect(once).toEqual({ 'pipelines.chats': 'support-chats', 'services.llm': 'llama' })
    expect(said({ talks: { was: 'chats' } }, { llm2: { was: 'llm' } })).toEqual([
      "pipelines.talks.was: its lane was called `chats` only later, and keeps the name that it had first: say `was: 'support-chats'`",
      "services.llm2.was: its lane was called `llm` only later, and keeps the name that it had first: say `was: 'llama'`",
    ])
    expect(said({ talks: { was: 'support-chats' }, more: { was: 'llm' }, chats: { was: 'chats' } })).toEqual([])
  })

  it('remembers both names, until one is that of a lane of its own; and never more than a row has room for', () => {
    const twice = laterNames(once, rules({ talks: { was: 'support-chats' } }))
    expect(twice).toEqual({ ...once, 'pipelines.talks': 'support-chats' })
    expect(laterNames(twice, rules({ chats: {} }))).toEqual({
      'pipelines.talks': 'support-chats',
      'services.llm': 'llama',
    })
    const many = Object.fromEntries(Array.from({ length: 1200 }, (_, n) => [`a${n}`, { was: `b${n}` }]))
    expect(Object.keys(laterNames(once, rules(many)))).toHaveLength(1000)
  })
})
