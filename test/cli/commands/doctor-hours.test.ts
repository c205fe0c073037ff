import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hoursFindings } from '../../../cli/commands/doctor-hours.ts'
import { exampleWith } from '../../core/training-fixture.ts'
import { TRAIN, upload } from '../../journeys/scenes.ts'
import { openTown } from '../../journeys/town.ts'
import { piped } from '../../variants.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'signalbox-hours-'))
})
afterEach(() => rmSync(data, { recursive: true }))

/** Three runs of which training took so many minutes, and what is found then with these hours of it in the policy. */
const found = async (minutes: number, hours: { p50: number; p95: number }) => {
  const town = await openTown({ dataDir: data })
  for (const day of ['a', 'b', 'c']) {
    await upload(town, day, { simulation: { tasks: { 'fine-tune': { minutes }, evaluate: { minutes: 15 } } } })
    await town.answered(TRAIN)
    await town.settled(TRAIN)
  }
  await town.close()
  const config = join(data, 'policy.json')
  writeFileSync(config, JSON.stringify(exampleWith(['pipelines.support-chats', piped({ train: { hours } })])))
  return hoursFindings({ data, config })
}

it('finds what its bound may end, with what to write', async () => {
  expect(await found(150, { p50: 2, p95: 3 })).toEqual([
    {
      check: 'pipelines.support-chats',
      ok: false,
      detail:
        'train takes 2.5 h of the 3 h that it has at most, and is ended by what that costs: write `hours: { p50: 2.5, p95: 3.8 }` for it',
    },
  ])
})

it('says what holds back more than it needs, which is no fault', async () => {
  expect(await found(30, { p50: 2, p95: 3 })).toMatchObject([
    { ok: true, detail: expect.stringContaining('p95: 0.75') },
  ])
})

it('finds nothing where the policy is right, no product ever ran, or no policy can be read', async () => {
  expect(await found(90, { p50: 1.5, p95: 3 })).toEqual([])
  const config = join(data, 'none.json')
  expect(await hoursFindings({ data, config })).toEqual([])
  expect(await hoursFindings({ data: join(data, 'elsewhere'), config })).toEqual([])
})
