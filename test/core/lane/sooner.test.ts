import { expect, it } from 'vitest'
import { boundAt } from '../../../core/lane/bound.ts'
import type { LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import { looksSooner, mayLookSooner } from '../../../core/lane/sooner.ts'
import { HOUR, MINUTE, NOW, planRow, policyWith, questionOf, running, runOf, viewOf, wanted } from './fixture.ts'

const policyOf = (over: object = {}) =>
  policyWith((config) => {
    Object.assign(config.pipelines?.['support-chats'] ?? {}, over)
  })
const working = { why: 'working', text: 'it runs', since: NOW, until: null, side: null, tries: 1 } as const
const mark = (over: Partial<Mark> = {}) => running({ touched: true, ranFrom: NOW, ...over })
const docWith = (over: Partial<LaneDocument> = {}, run: Partial<Run> = {}) =>
  wanted({ rest: working, run: runOf({ phase: 'steps', steps: [mark()], ...run }), ...over })
const END = boundAt({ doc: docWith(), plan: planRow, now: NOW }, docWith().run as Run)?.at as number
const view = (policy: object, over: Partial<LaneDocument> = {}, run: Partial<Run> = {}) =>
  viewOf({ policy: policyOf(policy), plan: planRow, now: NOW + 20 * MINUTE, doc: docWith({ due: END, ...over }, run) })
const idle = { idle: { tell: '15m', ask: '1h' } }
const asks = { onBound: 'ask' }

it.each([
  ['its GPUs are to be looked at by now', idle, {}, true],
  ['its GPUs are looked at, and its lane is due then', idle, { due: NOW + 15 * MINUTE }, false],
  ['people are to be asked for more before its bound', asks, {}, true],
  ['its lane is due when they are asked', asks, { due: END - 0.75 * HOUR }, false],
  ['its lane is never due by itself', asks, { due: null }, true],
  ['the policy says neither', {}, {}, false],
  ['it waits for a far side', idle, { rest: { ...working, why: 'unavailable' } }, false],
])('where %s: %#', (_, policy, over, is) => {
  expect(looksSooner(view(policy, over as Partial<LaneDocument>))).toBe(is)
})

it('what is asked and need not be is found before its time too', () => {
  const more = { dollars: 9, why: 'it goes on', step: 'train' }
  const question = questionOf({ more, until: END - 2 * MINUTE })
  expect([asks, {}].map((policy) => looksSooner(view(policy, { due: END - MINUTE }, { question })))).toEqual([
    false,
    true,
  ])
})

it('no plan is read where nothing is at work, or the policy has nothing looked at or asked', () => {
  expect([idle, asks, {}].map((policy) => mayLookSooner(view(policy)))).toEqual([true, true, false])
  const still = { steps: [mark({ ranFrom: null })] }
  const others = [
    still,
    { steps: [mark({ kind: 'notify' })] },
    { ending: { kind: 'cancelled', reason: null, detail: 'c' } as const },
  ]
  expect(others.map((run) => mayLookSooner(view(idle, {}, run)))).toEqual([false, false, false])
  expect(mayLookSooner(viewOf({ policy: policyOf(idle) }))).toBe(false)
})
