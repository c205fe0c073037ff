import type { Command } from '../../local/house-type.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
import { BEN, type Town } from './town.ts'

export const LANE = 'pipeline/support-chats'
const { on: _, ...rest } = piped()

/** One pipeline that runs on datasets, and one that people alone begin, on none. */
export const configOf = (approvals: object = {}, on: object = {}) => ({
  ...example,
  pipelines: {
    'support-chats': { ...piped(), on: { ...piped().on, ...on } },
    nightly: { ...rest, on: { hand: true } },
  },
  approvals: { ...example.approvals, ...approvals },
})

/** Uploads a dataset. */
export const upload = async (town: Town, folder: string): Promise<void> => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `support-chats/${folder}/`, rows: [folder] })
  await town.house.scanUploads()
  await town.advance(0)
}

/** Somebody asks for a run. */
export const run = (town: Town, over: Partial<Extract<Command, { kind: 'run' }>> = {}) =>
  town.house.command({ kind: 'run', lane: LANE, by: BEN, ...over })
