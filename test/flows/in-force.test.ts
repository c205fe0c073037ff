import { expect, it } from 'vitest'
import { emptyDocument } from '../../core/lane/document.ts'
import { budgetOf, budgetRoom, roomsOf, spentSum } from '../../core/lane/room.ts'
import { sinceOf } from '../../core/policy/begun-by.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import { identityOf } from '../../flows/identity.ts'
import { asCounted, inForce, Renamed } from '../../flows/in-force.ts'
import { readRow } from '../../flows/rows.ts'
import { spendOf } from '../../flows/sums.ts'
import { memoryLedger } from '../../local/ledger/memory-ledger.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'

const first = parsePolicy(example)
const renamed = parsePolicy({ ...example, namespaces: { training: 'training', serving: 'serving-2' } })
const stands = { ...emptyDocument(first, 'service/chat'), stands: { 'gpu-serve': 8 } }

const opened = async (mint = true) => {
  const ledger = memoryLedger()
  const time = { now: 1000 }
  const clock = { now: () => time.now }
  if (mint) await identityOf(ledger, { mint: () => 'feedfacecafe', now: 0 })
  const fixed = fixedPolicies(first)
  const put = (revision: number, value: typeof stands) =>
    ledger.commit([{ put: 'lane', id: value.lane, revision, value }])
  const open = () => inForce(fixed, { ledger, clock })
  const names = async () => (await readRow(ledger, 'identity', SELF))?.value.names
  return { ledger, time, clock, fixed, put, open, names }
}

it('remembers what the policy calls things, once the ledger has an id', async () => {
  const { open, names, ledger } = await opened(false)
  const policies = open()
  expect(await policies.load()).toBe(first)
  await identityOf(ledger, { mint: () => 'feedfacecafe', now: 0 })
  expect(await policies.load()).toBe(first)
  expect(await names()).toMatchObject({ installation: first.installation, 'namespaces.serving': 'serving' })
})

it('while something is under the old name the last policy stays in force, and says why; without one nothing is', async () => {
  const { open, names, fixed, put } = await opened()
  const policies = open()
  await policies.load()
  await put(0, stands)
  fixed.set(renamed)
  expect(await policies.load()).toBe(first)
  expect(await policies.problem?.()).toContain("namespaces.serving was renamed from 'serving' to 'serving-2'")
  await expect(open().load()).rejects.toThrow(Renamed)
  expect(await names()).toMatchObject({ 'namespaces.serving': 'serving' })
  fixed.set(first)
  expect(await policies.load()).toBe(first)
  expect(await policies.problem?.()).toBeNull()
})

it('is asked for anew for who knows of a later one, and where that is not in force the one before is not given for it', async () => {
  const { ledger, clock, put } = await opened()
  let kept: Policy = { ...first, published: 5 }
  let held = kept
  const notBefore = async (): Promise<Policy> => {
    held = kept
    return held
  }
  const policies = inForce({ load: async () => held, notBefore }, { ledger, clock })
  expect(await policies.load()).toBe(kept)
  kept = { ...first, published: 7 }
  expect((await policies.load()).published).toBe(5)
  expect(await policies.notBefore?.(6)).toBe(kept)
  await put(0, stands)
  kept = { ...renamed, published: 9 }
  await expect(policies.notBefore?.(8)).rejects.toThrow('namespaces.serving was renamed')
  expect((await policies.load()).published).toBe(7)
})

it('is in force half a minute after nothing is under it any more, and is remembered', async () => {
  const { open, names, fixed, put, time } = await opened()
  const policies = open()
  await policies.load()
  await put(0, stands)
  fixed.set(renamed)
  await policies.load()
  await put(1, { ...stands, stands: {} as never })
  time.now += 30_000
  expect(await policies.load()).toBe(renamed)
  expect(await names()).toMatchObject({ 'namespaces.serving': 'serving-2' })
})

it('who may only read compares all the same', async () => {
  const { open, fixed, put, ledger, clock, names } = await opened()
  await open().load()
  const { read, lanes } = ledger
  const reading = inForce(fixed, { ledger: { read, lanes }, clock })
  fixed.set(renamed)
  expect(await reading.load()).toBe(renamed)
  expect(await names()).toMatchObject({ 'namespaces.serving': 'serving' })
  await put(0, stands)
  await expect(inForce(fixed, { ledger: { read, lanes }, clock }).load()).rejects.toThrow('put')
})

it('a budget that is renamed is counted under the name that it had first, and shown under the new one', async () => {
  const { open, fixed, ledger } = await opened()
  const policies = open()
  expect(budgetOf(await policies.load())).toBe('ml-monthly')
  await ledger.commit([
    { add: budgetRoom('ml-monthly'), by: 16_856, atMost: null, atLeast: null },
    { add: spentSum('ml-monthly', 1000), by: 1000, atMost: null, atLeast: null },
  ])
  const other = parsePolicy({ ...example, budget: { name: 'ml-2026', dollars: 200 } })
  fixed.set(other)
  for (const one of [policies, open()]) {
    const policy = await one.load()
    expect([policy.budget.name, budgetOf(policy), roomsOf(policy).at(-1)]).toEqual([
      'ml-2026',
      'ml-monthly',
      'budget/ml-monthly',
    ])
    expect(await one.load()).toBe(policy)
    expect(await spendOf({ ledger }, policy, 1000)).toMatchObject({ budget: 'ml-2026', spent: 10, held: 168.56 })
  }
  expect(await asCounted(ledger, other)).toEqual(await policies.load())
  fixed.set(first)
  expect(await policies.load()).toBe(first)
})

it('a rule that is renamed twice says the name that its lane had first: by another one it is not in force, and why is said', async () => {
  const { open, fixed, ledger } = await opened()
  const rules = example.pipelines as Record<string, object>
  const called = (key: string, was: string) =>
    parsePolicy({ ...example, pipelines: { [key]: { ...rules['support-chats'], was } } })
  const policies = open()
  await policies.load()
  const [once, wrong, right] = [
    called('chats', 'support-chats'),
    called('talks', 'chats'),
    called('talks', 'support-chats'),
  ]
  fixed.set(once)
  expect(await policies.load()).toBe(once)
  fixed.set(wrong)
  expect(await policies.load()).toBe(once)
  expect(await policies.problem?.()).toContain('pipelines.talks.was: its lane was called `chats` only later')
  await expect(open().load()).rejects.toThrow("say `was: 'support-chats'`")
  fixed.set(right)
  expect(await policies.load()).toBe(right)
  expect((await readRow(ledger, 'identity', SELF))?.value.called).toEqual({
    'pipelines.chats': 'support-chats',
    'pipelines.talks': 'support-chats',
  })
})

it('remembers since when pipelines begin by what it says, and forgets it with that; of what an earlier release wrote nobody knows', async () => {
  const { open, fixed, ledger, time, clock } = await opened()
  const { on: _, ...rest } = piped()
  const scheduled = parsePolicy({
    ...example,
    pipelines: { nightly: { ...rest, on: { schedule: { cron: '0 2 * * *', zone: 'UTC' } } } },
  })
  const at = (policy: Policy) => sinceOf(policy, 'nightly', 'schedule')
  const policies = open()
  expect(at(await policies.load())).toBe(0)
  fixed.set(scheduled)
  time.now = 2000
  expect(at(await policies.load())).toBe(2000)
  time.now = 3000
  for (const one of [policies, open(), inForce(fixed, { ledger: { read: ledger.read, lanes: ledger.lanes }, clock })])
    expect(at(await one.load())).toBe(2000)
  fixed.set(first)
  await policies.load()
  fixed.set(scheduled)
  expect(at(await policies.load())).toBe(3000)
  const row = await readRow(ledger, 'identity', SELF)
  const { since: __, ...earlier } = row!.value
  await ledger.commit([{ put: 'identity', id: SELF, revision: row!.revision, value: earlier }])
  expect(at(await open().load())).toBe(0)
})
