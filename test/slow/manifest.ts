import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { lane } from '../../scripts/lane.ts'

interface Told {
  facts: { kind: string; objects: number; missing: string[]; missingCount: number }
  asked: number
}

await lane(async (check) => {
  await check('a manifest of 100,000 objects fits into 48 MB: it is never held whole', async () => {
    const worker = new Worker(new URL('../flows/large-manifest.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 48 },
    })
    const [{ facts, asked }] = (await once(worker, 'message')) as [Told]
    const { kind, objects, missing, missingCount } = facts
    const isRight =
      kind === 'manifest' && objects === 100_000 && missingCount === 1 && missing[0]?.includes('part-00099998') === true
    if (!isRight || asked !== 100_000) throw new Error(`asked ${asked} times, and found ${JSON.stringify(facts)}`)
  })
})
