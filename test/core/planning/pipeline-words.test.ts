import { expect, it } from 'vitest'
import { NO_DATASET } from '../../../core/desired.ts'
import { datasetText, trainTitle } from '../../../core/planning/pipeline-words.ts'
import { desired, NOW } from '../training-fixture.ts'

it('says what it runs on and what for; on none, that', () => {
  const occasion = { kind: 'schedule', slot: NOW, cron: '0 9 * * *', zone: 'UTC' } as const
  expect(trainTitle(desired)).toBe('run on support-chats@abababab')
  expect(datasetText(desired)).toMatch(
    /^run on support-chats@abababab: 12 objects, 3\.4 MB, named by s3:\/\/acme-datasets\//,
  )
  const alone = { ...desired, ...NO_DATASET, occasion }
  expect(datasetText(alone)).toBe('run support-chats, as scheduled for 2026-11-24 09:00 UTC: on no dataset')
})
