import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sideFindings } from '../../../cli/commands/doctor-sides.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { openLedger } from '../../../local/ledger/sqlite-ledger.ts'
import { openStores } from '../../../local/stores.ts'
import { docOf, NOW } from '../../core/lane/fixture.ts'

const resting = (why: 'unavailable' | 'working'): LaneDocument => ({
  ...docOf({ lane: 'pipeline/support-chats' }),
  rest: { why, text: 'cluster delete: 503', since: NOW, until: NOW, side: 'cluster', tries: 3 },
})

it.each([
  ['unavailable', false],
  ['working', true],
] as const)('a lane that rests %s on a side that answers else is found: fine is %s', async (why, ok) => {
  const data = mkdtempSync(join(tmpdir(), 'signalbox-sides-'))
  const stores = openStores(data)
  const doc = resting(why)
  await openLedger(stores.ledger).commit([{ put: 'lane', id: doc.lane, revision: 0, value: doc }])
  stores.close()
  const findings = await sideFindings(data)
  expect(findings.map((one) => one.ok)).toEqual([ok])
  if (!ok) expect(findings[0]?.detail).toContain('pipeline/support-chats waits since')
  rmSync(data, { recursive: true })
})
