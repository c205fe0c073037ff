import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import { CLOCK_FILE, RUNNING_FILE } from '../../../local/main.ts'
import example from '../../example.ts'
import { MINUTE, stepIs } from '../../journeys/scenes.ts'
import { taskJob } from '../../local/cluster/world-fixture.ts'
import { piped } from '../../variants.ts'
import { cli, openRunning, type Running } from '../running.ts'

const LANE = 'pipeline/support-chats'
const ANA = 'T0SIGNAL/U0APPROVER'
const SINCE = '2026-11-23 12:00 UTC'
let product: Running

beforeEach(async () => {
  product = await openRunning()
})
afterEach(() => product.close())

const asking = async (): Promise<void> => {
  await product.cli('emit', 'dataset-uploaded/base')
  await product.town.until('it asks', async () => (await product.town.question(LANE)) !== null)
}
/** Plans, the newest first. */
const ids = async () => ((await product.json('plans'))['plans'] as { id: string }[]).map(({ id }) => id)
/** The folder as it is found when no product runs on it. */
const stopped = (): void => {
  rmSync(join(product.data, RUNNING_FILE))
  writeFileSync(join(product.data, CLOCK_FILE), String(product.town.house.clock.now()))
}
/** The run waits for a cluster that does not answer. */
const waiting = async (): Promise<void> => {
  await asking()
  product.far.fails('cluster', 'away', { said: 'the API server is gone' })
  const { id } = (await product.town.question(LANE))!
  await product.town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
  await product.town.until('it rests', async () => (await product.town.lane(LANE)).rest?.why === 'unavailable')
}
/** The chat will not take the card that asks. */
const untold = async (): Promise<void> => {
  product.far.fails('chat', 'refused', { said: 'is_archived' })
  await asking()
  await product.town.until('it is told', async () => (await product.json('plans'))['untold']?.toString() !== '')
}

describe('plans', () => {
  it('names every run with what it came to; one that is under way with what it may cost', async () => {
    await asking()
    expect((await product.cli('plans')).out).toMatch(/-g1a1 +pipeline\/support-chats +asked +≤ \$223\.83 +Fine-tune/)
    const { id } = (await product.town.question(LANE))!
    await product.town.house.answer(id, { by: ANA, verdict: 'deny', reason: 'too dear' })
    await product.town.settled(LANE)
    expect((await product.cli('plans')).out).toMatch(
      /-g1a1 +pipeline\/support-chats +rejected +\$0\.00 +denied by .*too dear/,
    )
  })

  it('of a run that is at work says what it has cost so far, of what it may at most', async () => {
    await asking()
    const { id } = (await product.town.question(LANE))!
    await product.town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    await product.town.until('it trains', stepIs(product.town, LANE, 'train', 'running'))
    await product.town.advance(8 * MINUTE)
    writeFileSync(join(product.data, CLOCK_FILE), String(product.town.house.clock.now()))
    expect((await product.cli('plans')).out).toMatch(/ steps +\$[1-7]\.\d\d of at most \$223\.83 +Fine-tune/)
    const [run] = (await product.json('plans'))['plans'] as { cost: number; atMost: number }[]
    expect(run).toMatchObject({ cost: expect.any(Number), atMost: 223.83 })
    expect((await product.cli('why', LANE)).out).toMatch(/it has cost \$[1-7]\.\d\d of at most \$223\.83 so far/)
  })

  it('names what each lane waits for, a far side with since when', async () => {
    await asking()
    expect((await product.cli('plans')).out).toMatch(/pipeline\/support-chats +wanted +waits for 1 of the approvers/)
    await product.close()
    product = await openRunning()
    await waiting()
    const { out } = await product.cli('plans')
    expect(out).toContain(`waits: cluster does not answer since ${SINCE}: `)
    expect(out).toContain('! cluster does not answer')
    expect(await product.json('plans')).toMatchObject({
      lanes: [{ lane: LANE, rest: { side: 'cluster' } }],
      sides: [{ side: 'cluster', refuses: false }],
    })
  })

  it('says that an edit of the policy is not in force, and why; so do `doctor` and the page', async () => {
    expect(await product.json('plans')).toMatchObject({ notInForce: null })
    const { policies } = product.town.house.ports
    policies.problem = async () => 'schema: 3 is newer than 2'
    const words = /in force is policy [0-9a-f]+; the file as it is now is not, because: schema: 3 is newer than 2/
    expect((await product.cli('plans')).out).toMatch(words)
    expect(await product.json('plans')).toMatchObject({ notInForce: expect.stringMatching(words) })
    expect(await product.cli('doctor')).toMatchObject({ code: 1, out: expect.stringMatching(words) })
    const { url } = JSON.parse(readFileSync(join(product.data, RUNNING_FILE), 'utf8')) as { url: string }
    expect(await (await fetch(url)).text()).toMatch(words)
  })

  it('stands in columns, also where a lane was renamed to something longer', async () => {
    await asking()
    const { 'support-chats': rule } = example.pipelines ?? {}
    product.town.setPolicy({
      ...example,
      pipelines: { 'chats-of-all-support-teams': { ...rule, was: 'support-chats' } },
    })
    const [, head = '', line = ''] = /^(LANE.*)\n(.*)$/m.exec((await product.cli('plans')).out) ?? []
    expect(line).toMatch(/^pipeline\/chats-of-all-support-teams {2}wanted/)
    expect(head.indexOf('STATE')).toBe(line.indexOf('wanted'))
  })

  it('names what the chat will not take, with the lane and the chat’s words', async () => {
    await untold()
    const words = /! pipeline\/support-chats: chat will not take .*is_archived/
    expect((await product.cli('plans')).out).toMatch(words)
    expect((await product.cli('trace', LANE)).out).toMatch(/! chat will not take .*is_archived/)
  })
})

describe('trace', () => {
  it('of a plan shows that plan and its own moments, also when another attempt follows', async () => {
    await asking()
    const [first = ''] = await ids()
    await product.cli('deny', first, '--by', ANA, '--reason', 'not this week')
    await product.cli('retry', LANE)
    await product.town.until('it asks again', async () => (await product.town.question(LANE)) !== null)
    const [second = ''] = await ids()
    expect(await product.json('trace', first)).toMatchObject({
      plan: { id: first },
      run: { outcome: { kind: 'rejected' } },
    })
    expect(await product.json('trace', second)).toMatchObject({ plan: { id: second }, run: { outcome: null } })
    expect((await product.cli('trace', first)).out).toContain('not this week')
    expect((await product.cli('trace', second)).out).not.toContain('not this week')
  })

  it('of a lane says in its head what it waits for', async () => {
    await waiting()
    const [head, standing] = (await product.cli('trace', LANE)).out.split('\n')
    expect(head).toMatch(/^pipeline\/support-chats · wanted · run on .* · generation 1, attempt 1$/)
    expect(standing).toContain(`since ${SINCE}`)
  })
})

describe('why', () => {
  it('is one sentence of the product that runs', async () => {
    await asking()
    const { code, out } = await product.cli('why', LANE)
    const [id] = await ids()
    expect([code, out]).toEqual([
      0,
      `${LANE}: waits for ana or ben to answer ${id} before 2026-11-23 15:55 UTC (since ${SINCE})`,
    ])
    expect(await product.json('why', LANE)).toMatchObject({ lane: LANE, why: 'asked', side: null })
  })

  it('is the same of a folder whose product has stopped, and says that it goes on once one runs', async () => {
    await asking()
    stopped()
    const config = join(product.data, 'config.json')
    writeFileSync(config, JSON.stringify(example))
    const { code, out } = await product.cli('why', LANE, '--config', config)
    expect([code, out.split('\n')]).toEqual([
      0,
      [expect.stringContaining('waits for ana or ben'), expect.stringContaining('no product runs')],
    ])
    expect(await product.json('why', LANE, '--config', config)).toMatchObject({ why: 'asked' })
  })

  it('of a lane that is parked says how it goes on', async () => {
    await asking()
    const [id = ''] = await ids()
    await product.cli('deny', id, '--by', ANA, '--reason', 'not this week')
    const { code, out } = await product.cli('why', LANE)
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        expect.stringMatching(/not this week.*; it stays so until its source changes or a person says retry/),
        `to begin it again: \`npx signalbox retry ${LANE} --data ${product.data}\``,
      ],
    ])
  })

  it('of a lane of the policy that nothing has moved yet says that', async () => {
    expect(await product.cli('why', 'service/support-llama')).toMatchObject({
      code: 0,
      out: 'service/support-llama: nothing was ever wanted of it',
    })
    expect(await product.cli('why', 'service/nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no lane'),
    })
  })

  it('of a lane that a schedule begins says when it does next, by the clocks of its zone', async () => {
    const nightly = { ...piped(), on: { schedule: { cron: '0 3 * * *', zone: 'Europe/Berlin' } } }
    product.town.setPolicy({ ...example, pipelines: { nightly } })
    expect(await product.cli('why', 'pipeline/nightly')).toMatchObject({
      code: 0,
      out: 'pipeline/nightly: nothing was ever wanted of it\nthe schedule begins it next at 2026-11-24 03:00 Europe/Berlin',
    })
  })

  it('of a folder without its product needs the policy, and says where it looked', async () => {
    await asking()
    stopped()
    const none = join(product.data, 'none.ts')
    expect(await product.cli('why', LANE, '--config', none)).toMatchObject({
      code: 1,
      err: expect.stringContaining(none),
    })
  })

  it('names the far side, and what the chat will not take', async () => {
    await waiting()
    expect((await product.cli('why', LANE)).out).toMatch(/: cluster does not answer/)
    await product.close()
    product = await openRunning()
    await untold()
    expect((await product.cli('why', LANE)).out).toContain('is_archived')
  })

  it('of a lane that nobody knows names those that there are', async () => {
    await asking()
    for (const once of [() => undefined, stopped]) {
      once()
      const { code, err } = await product.cli('why', 'pipeline/lunch')
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/no lane pipeline\/lunch: lanes are pipeline\/support-chats/),
      ])
    }
  })
})

describe('doctor', () => {
  const findings = async () =>
    ((await product.json('doctor')) as { findings: { check: string; ok: boolean; detail: string }[] }).findings

  it('shows what looks like ours and is not known, with how a person takes it away', async () => {
    const labels = { [label('installation')]: 'signalbox' }
    const metadata = { name: 'stray', namespace: 'training', labels }
    await product.town.house.cluster.create({ ...taskJob('stray'), metadata } as KubeObject)
    expect(await findings()).toContainEqual({
      check: 'Job stray',
      ok: false,
      detail:
        'it carries our labels, and no lane of this ledger has its name. It is not touched: `kubectl -n training delete job stray` if nobody needs it',
    })
  })

  it('of a ledger in which every far side answers is content', async () => {
    await asking()
    expect(await findings()).toContainEqual({ check: 'far sides', ok: true, detail: expect.any(String) })
    expect(await cli('doctor', '--data', product.data)).toMatchObject({ code: 0 })
  })

  it('names a far side that does not answer since when, and ends with 1', async () => {
    await waiting()
    const away = { check: 'cluster', ok: false, detail: expect.stringContaining(`does not answer since ${SINCE}`) }
    expect(await findings()).toContainEqual(away)
    expect(await cli('doctor', '--data', product.data)).toMatchObject({ code: 1 })
  })

  it('names what the chat refuses, with the lane and the words; and what it has not taken yet', async () => {
    await untold()
    expect(await findings()).toContainEqual({
      check: 'chat',
      ok: false,
      detail: expect.stringMatching(/support-chats: .*is_archived/),
    })
    await product.close()
    product = await openRunning()
    product.far.fails('chat', 'away')
    await asking()
    await product.town.advance(60_000)
    expect(await findings()).toContainEqual({
      check: 'chat',
      ok: false,
      detail: expect.stringContaining(`since ${SINCE}`),
    })
  })
})
