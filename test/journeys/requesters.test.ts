import { afterEach, describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../core/desired.ts'
import { laneKinds } from '../../core/lane-kinds/catalogue.ts'
import type { Config } from '../../core/policy.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { onPaper } from '../../flows/on-paper.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MODEL, SERVE, say, TRAIN, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const withApprovals = (more: Partial<Config['approvals']>): Config => ({
  ...example,
  approvals: { ...example.approvals, ...more },
})
/** The account from which uploads come on this machine. */
const HERE = '000000000000'
const asked = async () => {
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null, 1)
  const [newest] = await town.house.chat.cards()
  return Object.fromEntries((newest?.card.facts ?? []).map(({ label, value }) => [label, value]))['Asked for by']
}
const answer = async (by: string, lane = TRAIN) => {
  const id = (await town.question(lane))?.id ?? ''
  return (await town.house.answer(id, { by, verdict: 'approve', reason: null })).body['refused'] ?? 'counts'
}

describe('who asked counts as known only where the source proves it (law 8, E)', () => {
  it('an account that one person uploads from: proven, so that nobody more must agree, and they may not approve', async () => {
    town = await openTown({ config: withApprovals({ requesters: { [HERE]: ANA }, unknownRequester: 'refuse' }) })
    await upload(town, 'a', { requestedBy: BEN })
    expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
    expect(await answer(ANA)).toBe('requester-may-not-approve')
    expect(await answer(BEN)).toBe('counts')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('somebody whom the manifest names, uploaded by who knows: refused where who asked must be known', async () => {
    town = await openTown({ config: withApprovals({ unknownRequester: 'refuse' }) })
    await upload(town, 'a', { requestedBy: 'T0SIGNAL/U0NOBODY' })
    expect(await town.settled(TRAIN, 1)).toMatchObject({
      state: 'refused',
      outcome: {
        reason: 'requester-unknown',
        detail: 'that T0SIGNAL/U0NOBODY asked is only claimed, and approvals.unknownRequester is `refuse`',
      },
    })
  })

  it('a claim is shown as one, one more must agree, and who is claimed may not approve', async () => {
    const { approvers } = example.approvals
    const config = withApprovals({
      unknownRequester: 'one-more',
      approvers: [...approvers, { id: 'T0SIGNAL/U0CARLA', name: 'carla' }],
    })
    town = await openTown({ config })
    await upload(town, 'a', { requestedBy: BEN })
    expect(await asked()).toBe(`claimed: ben (${BEN}), which proves nothing`)
    expect(await town.question(TRAIN)).toMatchObject({ need: 2, requester: BEN })
    expect(await answer(BEN)).toBe('requester-may-not-approve')
    expect(await answer(ANA)).toBe('counts')
    expect(await answer('T0SIGNAL/U0CARLA')).toBe('counts')
  })

  it('an upload whose event was lost: resync finds it, and nobody is proven', async () => {
    town = await openTown({ config: withApprovals({ requesters: { [HERE]: ANA }, unknownRequester: 'refuse' }) })
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['"a"'] })
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, outcome: { reason: 'requester-unknown' } })
    // It was only late: nobody has to upload anything else.
    await town.house.scanUploads()
    expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, attempt: 2 })
  })

  describe('an event that proves who asked and comes only after resync has found the upload', () => {
    const found = async (more: Partial<Config['approvals']>, rest: Partial<Config> = {}) => {
      const config = { ...withApprovals({ requesters: { [HERE]: ANA }, ...more }), ...rest }
      town = await openTown({ config })
      await uploadDataset(town.house, {
        bucket: 'acme-datasets',
        folder: 'support-chats/a/',
        rows: ['"a"'],
        requestedBy: BEN,
      })
      await town.advance(12 * 60_000)
      return config
    }

    it.each([1, 2])(
      'while attempt %i is asked about on a claim: asked anew, and who is proven may not approve',
      async (attempt) => {
        await found({})
        if (attempt === 2) {
          await say(town, 'cancel')
          await town.settled(TRAIN)
          await say(town, 'retry')
        }
        expect(await asked()).toBe(`claimed: ben (${BEN}), which proves nothing`)
        await town.house.scanUploads()
        await town.until('it asks anew', async () => (await town.question(TRAIN))?.requester === ANA, 1)
        expect(await answer(ANA)).toBe('requester-may-not-approve')
        expect(await answer(BEN)).toBe('counts')
        expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: attempt + 1 })
      },
    )

    it('after it was cancelled: written down, on paper too, and whoever retries it asks on what is proven', async () => {
      await found({})
      await say(town, 'cancel')
      const { bucket, key, etag } = (await town.settled(TRAIN)).desired as TrainDesired
      const told = { type: 'dataset-uploaded', id: 'e', at: 0, versionId: null, replayed: false } as const
      const event = { ...told, bucket, key, etag, requester: HERE }
      const said = /^who asked is proven now; generation 1 was cancelled; it stays so until/
      expect(await onPaper(town.house.ports, event, { kinds: laneKinds, reactions })).toMatchObject({
        kind: 'recorded',
        detail: expect.stringMatching(said),
      })
      await town.house.scanUploads()
      await town.until(
        'it is proven',
        async () => ((await town.lane(TRAIN)).desired as TrainDesired).proven === true,
        1,
      )
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'cancelled', attempt: 1, run: null })
      await say(town, 'retry')
      expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
      expect(await answer(ANA)).toBe('requester-may-not-approve')
    })

    it('after it was refused for another reason: it is known once that is mended', async () => {
      const config = await found({ unknownRequester: 'refuse' }, { budget: { dollars: 1 } })
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'refused', outcome: { reason: 'budget-exceeded' } })
      await town.house.scanUploads()
      await town.advance(12 * 60_000)
      town.setPolicy({ ...config, budget: example.budget })
      expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
    })

    it('after it was refused since too few may answer: asked, since one less is needed', async () => {
      await found({ unknownRequester: 'one-more' })
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'refused', outcome: { reason: 'nobody-may-approve' } })
      await town.house.scanUploads()
      expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
    })
  })

  it('an upload that waits for its objects, and whose manifest is corrected meanwhile: who uploaded it is proven all the same', async () => {
    town = await openTown({ config: withApprovals({ requesters: { [HERE]: ANA } }) })
    for (const more of [{}, { requestedBy: BEN }]) {
      const place = { bucket: 'acme-datasets', folder: 'support-chats/a/' }
      await uploadDataset(town.house, { ...place, rows: ['"a"', '"b"'], leaveOut: [1], ...more })
      await town.house.scanUploads()
      await town.advance(2 * 60_000)
    }
    await town.house.objects.write('acme-datasets', 'support-chats/a/part-1.jsonl', Buffer.from('"b"'))
    expect(await asked()).toBe(`proven: ana (${ANA}), whose AWS account uploaded it`)
    expect(await answer(ANA)).toBe('requester-may-not-approve')
  })

  it('a tag of the registry is a claim: whoever may tag can write it', async () => {
    town = await openTown()
    const tags = { 'signalbox.dev/requested-by': ANA }
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 1)
    const [newest] = await town.house.chat.cards()
    expect(newest?.card.facts).toContainEqual({
      label: 'Asked for by',
      value: `claimed: ana (${ANA}), which proves nothing`,
    })
    expect(newest?.card.facts).toContainEqual({
      label: 'Weights',
      value: expect.stringMatching(/^s3:\/\/acme-results\/models\/support-llama\//),
    })
    expect(await answer(ANA, SERVE)).toBe('requester-may-not-approve')
    expect(await answer(BEN, SERVE)).toBe('counts')
  })
})
