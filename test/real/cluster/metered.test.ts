import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { endOf } from '../../../core/money/evidence.ts'
import { everyRow, valuesOf } from '../../../flows/rows.ts'
import { spendIn } from '../../../flows/spend.ts'
import { meterDoor } from '../../../local/doors.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { stagesOf } from '../../variants.ts'
import { openRealTown } from '../real-town.ts'
import { claimsOf, until } from './karpenter.ts'

const LANE = 'pipeline/support-chats'

it('a real Karpenter’s node is metered from its launch until it is told to go, and its lane has its pods’ part', async () => {
  const town = await openRealTown()
  const { house, policy, requests } = town
  const { ledger, clock } = house.ports
  const look = meterDoor(house.ports)
  const rows = async () => valuesOf(await everyRow(ledger, 'instance'))
  await uploadDataset(house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/one/',
    rows: ['{"a":1}'],
    simulation: { minutes: 10 },
  })
  await town.answered(LANE)
  const { pool } = stagesOf(policy.pipelines['support-chats']!).train
  const perHour = policy.pools[pool]?.price?.perNodeHour ?? 0

  const up = await until('the node with its pod is seen', async () => {
    await look()
    const [row] = await rows()
    return row !== undefined && Object.keys(row.pods).length > 0 && row
  })
  expect(up).toMatchObject({ gpus: 8, end: null, begin: { by: 'launched' } })
  expect(Object.values(up.pods)).toMatchObject([{ lane: LANE, gpus: 8 }])
  const [claim] = await claimsOf(requests, pool)
  expect(up.begin.at).toBeGreaterThanOrEqual(Date.parse(String(claim?.metadata.creationTimestamp)))
  expect((await spendIn(ledger, clock.now())).perHour).toBeCloseTo(perHour, 2)

  await town.settled(LANE)
  await look()
  for (const { metadata } of await claimsOf(requests, pool))
    await requests.send({ method: 'DELETE', path: `/apis/karpenter.sh/v1/nodeclaims/${metadata.name}` })
  const [gone] = await until('the node has gone', async () => {
    await look()
    await pause(200)
    const all = await rows()
    return all.every((row) => endOf(row) !== null) && all
  })
  // Karpenter's own word where a look has met it, which in a second it may not have.
  expect(['told', 'unseen']).toContain(gone?.end?.by)
  const spend = await spendIn(ledger, clock.now())
  const seconds = Math.max(60, ((endOf(gone!) ?? 0) - gone!.begin.at) / 1000)
  expect(spend.dollars).toBeCloseTo((seconds * perHour) / 3600, 3)
  expect(spend.perHour).toBe(0)
  const payers = spend.by.lane.map(({ of }) => of)
  expect(payers).toContain(LANE)
  expect(payers.some((payer) => payer.startsWith('idle'))).toBe(true)
  await town.close()
})
