import { expect, it } from 'vitest'
import { welcome } from '../../../cli/commands/start.ts'
import { DATA } from '../../../cli/typed.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'

const said = (config: unknown, data = DATA): string =>
  welcome('http://127.0.0.1:4680/#t', parsePolicy(config), { data, speed: '1', port: '', config: '' })

it('under the example’s policy it names the tour and its samples', () => {
  expect(said(example)).toMatch(/Tour.*emit dataset-uploaded\/base\n.*why pipeline\/support-chats$/s)
})

it('under another policy it names that policy’s buckets, pipelines and services, and nothing of the example', () => {
  const { 'support-llama': served } = example.services ?? {}
  const services = { chat: { ...served, model: 'chat-llama' } }
  const text = said(
    { ...example, pipelines: { mine: piped({ bucket: 'my-data', prefix: 'mine/' }) }, services },
    'here',
  )
  expect(text).toContain(
    '1. Put a dataset, and last its manifest.json, into the folder buckets/my-data/mine/… of here:',
  )
  expect(text).toContain('2. Promote a version of chat-llama in the registry: it is planned for service/chat')
  expect(text).toMatch(/3\. npx signalbox plans --data here\n.*why pipeline\/mine --data here$/)
  expect(text).not.toMatch(/Tour|emit|acme|support/)
})

it('under a policy that nothing can begin it says so', () => {
  const { pipelines: _, services: __, ...nothing } = example
  expect(said(nothing)).toMatch(/1\. The policy has neither `pipelines` nor `services`/)
})
