import { expect, it } from 'vitest'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { namesIn, renamedFrom, whyNotRenamed } from '../../../core/lane/renamed.ts'
import { docOf, markOf, policy, runOf } from './fixture.ts'

const now = namesIn(policy)
const before = (key: string) => ({ ...now, [key]: 'before' })
const idle = emptyDocument({ ...policy, ledger: 'feedfacecafe' }, 'service/chat')
const begun = docOf({ run: runOf({ steps: [markOf({ state: 'running', by: 'me' })] }) })
const why = (key: string, ...docs: LaneDocument[]) => whyNotRenamed(before(key), now, docs)

it('knows which keys are others; of one that nobody wrote down nothing is known', () => {
  expect(renamedFrom(now, now)).toEqual([])
  expect(renamedFrom({}, now)).toEqual([])
  expect(renamedFrom(before('installation'), now)).toEqual([['installation', 'before', policy.installation]])
})

it.each([
  ['serves its baseline', { ...idle, baseline: { generation: 1, desired: {} as never, replicas: 2 } }],
  ['holds GPUs', { ...idle, stands: { 'gpu-serve': 8 } }],
  ['is halfway', { ...idle, halfway: true }],
])('what %s is under the installation and the namespace of services, and not under that of runs', (_, doc) => {
  expect(why('installation', idle, doc)).toContain(`installation was renamed from 'before' to '${policy.installation}'`)
  expect(why('namespaces.serving', doc)).toContain("put 'before' back")
  expect(why('namespaces.training', doc)).toBeNull()
})

it.each(['installation', 'namespaces.serving', 'namespaces.training'])('a run that has begun is under %s', (key) => {
  expect(why(key, begun, begun)).toMatch(new RegExp(`^${key} was renamed .* what ${begun.lane} and 1 more has`))
})

it('nothing is under old names of what rests with nothing, or has not begun; of a newer release’s nobody knows', () => {
  expect(why('installation', idle, docOf({ run: runOf() }))).toBeNull()
  expect(why('namespaces.training', { ...idle, schema: 1e6 })).not.toBeNull()
})
