import { expect, it } from 'vitest'
import type { WantedImage } from '../../core/images/places.ts'
import { parseReference } from '../../core/images/reference.ts'
import { pinImages } from '../../flows/pin-images.ts'
import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'

const wanted = (count: number): WantedImage[] =>
  Array.from({ length: count }, (_, at) => {
    const { tag, ...reference } = parseReference(`ghcr.io/a:${at}`)!
    return { image: `ghcr.io/a:${at}`, reference: { ...reference, tag: tag! }, needs: [], paths: [] }
  })
const found = (tag: string) => ({ digest: `sha256:${tag}`, platforms: [], from: 'x' })

it('looks up each once, a few side by side, and answers them in their order', async () => {
  let [open, most] = [0, 0]
  const told: string[] = []
  const rows = await pinImages(
    {
      resolve: async ({ tag }) => {
        most = Math.max(most, ++open)
        // The first ones take longest.
        for (let turns = 20 - Number(tag); turns > 0; turns--) await Promise.resolve()
        open--
        return found(tag)
      },
    },
    { lock: {}, wanted: wanted(12) },
    ({ image }) => told.push(image),
  )
  expect(rows.map(({ found: one }) => one?.digest)).toEqual(
    wanted(12).map(({ reference }) => `sha256:${reference.tag}`),
  )
  expect(told.toSorted()).toEqual(rows.map(({ image }) => image).toSorted())
  expect(most).toBe(4)
})

it('what a registry refuses, or does not say, is its own; a bug of ours is none of it', async () => {
  const errors: Record<string, Error> = { 0: new Unavailable('away'), 1: new NotAllowed('no'), 2: new Refused('none') }
  const resolve = async ({ tag }: { tag: string }) => {
    if (errors[tag] !== undefined) throw errors[tag]
    return found(tag)
  }
  const rows = await pinImages({ resolve }, { lock: {}, wanted: wanted(4) }, () => undefined)
  expect(rows.map(({ state, why }) => why ?? state)).toEqual(['away', 'no', 'none', 'pinned'])
  errors['3'] = new TypeError('ours')
  await expect(pinImages({ resolve }, { lock: {}, wanted: wanted(4) }, () => undefined)).rejects.toThrow('ours')
})
