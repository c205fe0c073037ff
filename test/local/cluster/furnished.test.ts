import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectSameCluster } from '../../../local/cluster/furnished.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-same-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a data folder tells of one cluster', () => {
  it('a new folder takes any, and the same one again', () => {
    expectSameCluster(folder, 'https://one')
    expectSameCluster(folder, 'https://one')
  })

  it('another cluster is refused with what to do, and nothing is changed by asking', () => {
    expectSameCluster(folder, 'https://one')
    expect(() => expectSameCluster(folder, 'https://two')).toThrow(/https:\/\/one, not of https:\/\/two.*--data/)
    expect(() => expectSameCluster(folder, null)).toThrow(/not of the simulated cluster/)
    expectSameCluster(folder, 'https://one')
  })

  it('a ledger from before this was written down is of the simulated cluster', () => {
    writeFileSync(join(folder, 'ledger.db'), '')
    expect(() => expectSameCluster(folder, 'https://one')).toThrow(/the simulated cluster, not of/)
    expectSameCluster(folder, null)
  })
})
