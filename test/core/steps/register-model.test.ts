import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { RegisterModelStep } from '../../../core/plan.ts'
import {
  artifactOf,
  BASE,
  differenceOf,
  foundTag,
  isProven,
  PIN,
  PROOF,
  registration,
  WEIGHTS,
} from '../../../core/steps/register-model.ts'

const step: RegisterModelStep = {
  kind: 'register-model',
  name: 'register',
  title: '',
  why: '',
  model: 'm',
  of: 'train',
  tags: { [label('dataset')]: 'chats', [label('requested-by')]: 'T/U' },
}
const secret = 'f'.repeat(24)
const run = { name: 'pipeline-chats-0123abcd', secret }
const of = (source: string, more: { pins?: Record<string, string> } = {}) =>
  registration(step, { ...run, result: { values: { model: source, loss: 1 }, ...more } })

describe('a registration', () => {
  it('carries what the plan says of it, and one tag that names the lane and the artifact', () => {
    expect(of('s3://out')).toEqual({
      model: 'm',
      source: 's3://out',
      runId: null,
      tags: {
        'signalbox.dev/dataset': 'chats',
        'signalbox.dev/requested-by': 'T/U',
        'signalbox.dev/plan': expect.stringMatching(/^pipeline-chats-0123abcd-[0-9a-f]{8}$/),
      },
    })
  })

  it('is found again by that tag, whichever attempt or generation made it; another artifact or lane is another one', () => {
    const found = foundTag(of('s3://out')!)
    expect(found[0]).toBe('signalbox.dev/plan')
    expect(foundTag(of('s3://out')!)).toEqual(found)
    expect(found[1]).not.toMatch(/-g\d+/)
    expect(foundTag(of('s3://other')!)).not.toEqual(found)
    expect(
      foundTag(
        registration(step, { ...run, name: 'pipeline-other-0123abcd', result: { values: { model: 's3://out' } } })!,
      ),
    ).not.toEqual(found)
  })

  it('no tag of the policy takes the place of ours', () => {
    const loud = { ...step, tags: { [label('plan')]: 'mine' } }
    expect(foundTag(registration(loud, { ...run, result: { values: { model: 's3://out' } } })!)[1]).toContain(run.name)
  })

  const none: (Record<string, string | number> | null)[] = [null, {}, { model: 7 }]

  it.each(none)('there is none when the result names no model: %j', (values) => {
    expect(registration(step, { ...run, result: values === null ? null : { values } })).toBeNull()
  })

  it('shows what the artifact was when it was measured, and is searched for whatever that was', () => {
    const pinned = of('s3://out', { pins: { model: 'version:3', other: 'version:1' } })!
    expect(pinned.tags[PIN]).toBe('version:3')
    expect(of('s3://out', { pins: {} })!.tags).not.toHaveProperty(PIN)
    expect(foundTag(pinned)).toEqual(foundTag(of('s3://out')!))
  })

  it('is proven by a tag that only its ledger can make, of this model, artifact and pin; without a pin nothing is', () => {
    const made = of('s3://out', { pins: { model: 'version:3' } })!
    expect(isProven(made, secret)).toBe(true)
    expect(isProven(made, 'e'.repeat(24))).toBe(false)
    const copies = [
      { ...made, model: 'another' },
      { ...made, source: 's3://other' },
      { ...made, tags: { ...made.tags, [PIN]: 'version:4' } },
      { ...made, tags: { ...made.tags, [label('plan')]: 'pipeline-a' } },
      { ...made, tags: { ...made.tags, [PROOF]: '' } },
    ]
    expect(copies.map((copy) => isProven(copy, secret))).toEqual(copies.map(() => false))
    expect(of('s3://out', { pins: {} })!.tags).not.toHaveProperty(PROOF)
    // A ledger that has no secret yet has registered nothing, and nobody guesses it.
    const unknown = registration(step, { ...run, secret: '', result: { values: { model: 's3://out' }, pins: {} } })!
    expect([PROOF in unknown.tags, isProven({ ...made, tags: { ...made.tags, [PROOF]: '' } }, '')]).toEqual([
      false,
      false,
    ])
  })

  describe('of an adapter', () => {
    const tags = { ...step.tags, 'signalbox.dev/weights': 'adapter', 'signalbox.dev/base': 'hf://a/b' }
    const trained = { ...step, tags }
    const result = { values: { adapter: 's3://out/adapter', model: 's3://out/model' }, pins: { adapter: 'version:3' } }

    it('is that artifact and no other, pinned as it was, with what it was trained on', () => {
      expect(artifactOf(trained)).toBe('adapter')
      const made = registration(trained, { ...run, result })
      expect(made).toMatchObject({ source: 's3://out/adapter', tags: { ...tags, [PIN]: 'version:3' } })
      expect(registration(trained, { ...run, result: { values: { model: 's3://out/model' } } })).toBeNull()
    })

    it('is proven on its base alone', () => {
      const made = registration(trained, { ...run, result })!
      expect(isProven(made, secret)).toBe(true)
      for (const other of [{ [BASE]: 'hf://a/c' }, { [WEIGHTS]: 'whole' }])
        expect(isProven({ ...made, tags: { ...made.tags, ...other } }, secret)).toBe(false)
    })
  })

  it('of whole weights is as proven as before, whatever base somebody tags', () => {
    const made = of('s3://out', { pins: { model: 'version:3' } })!
    expect(isProven({ ...made, tags: { ...made.tags, [BASE]: 'hf://a/b' } }, secret)).toBe(true)
  })

  it('of an earlier release has no proof, and is that all the same', () => {
    const made = of('s3://out', { pins: { model: 'version:3' } })!
    const { [PROOF]: _, ...tags } = made.tags
    expect(differenceOf({ ...made, tags, status: 'READY' }, made)).toBeNull()
  })
})

describe('a version that is there', () => {
  const input = of('s3://out', { pins: { model: 'version:3' } })!
  const equal = { source: 's3://out', runId: null, status: 'READY', tags: { ...input.tags, stage: 'of somebody else' } }

  it('is what would be registered when source, run and every tag of ours that says what it is are equal', () => {
    expect(differenceOf(equal, input)).toBeNull()
    expect(differenceOf({ ...equal, status: 'PENDING_REGISTRATION' }, input)).toBeNull()
  })

  it.each([{ [label('requested-by')]: 'T/CLAIMED' }, {}])('is that whoever asked, and says so: %j', (asked) => {
    const { [label('requested-by')]: _, ...others } = input.tags
    expect(differenceOf({ ...equal, tags: { ...others, ...asked } }, input)).toBeNull()
  })

  it.each([
    ['another source', { source: 's3://planted' }, 'another source, s3://planted'],
    ['a run', { runId: 'r1' }, 'a run, r1'],
    ['a registration that failed', { status: 'FAILED_REGISTRATION' }, 'the status FAILED_REGISTRATION'],
    ['another dataset', { tags: { ...input.tags, [label('dataset')]: 'x' } }, 'dataset: x in place of chats'],
    ['another artifact', { tags: { ...input.tags, [PIN]: 'version:9' } }, 'pin: version:9 in place of version:3'],
    ['no tag of ours but one', { tags: { [foundTag(input)[0]]: foundTag(input)[1] } }, 'no tag signalbox.dev/'],
  ])('is not with %s', (_, change, said) => {
    expect(differenceOf({ ...equal, ...change }, input)).toContain(said)
  })
})
