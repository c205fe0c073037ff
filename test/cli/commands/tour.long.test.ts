import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import example from '../../example.ts'
import { cli } from '../running.ts'

describe('the tour in the terminal', () => {
  it('as JSON is its chapters alone', async () => {
    const { chapters, good } = JSON.parse((await cli('tour', '--json')).out) as { chapters: object[]; good: boolean }
    expect(good).toBe(true)
    expect(chapters).toMatchObject([
      { lane: 'pipeline/support-chats', outcome: 'succeeded' },
      { lane: 'service/support-llama', outcome: 'succeeded' },
      { lane: 'service/support-llama', outcome: 'failed: gate' },
      { lane: 'pipeline/support-chats', outcome: 'succeeded' },
      { lane: 'service/support-llama', outcome: 'succeeded' },
      { lane: 'pipeline/support-chats', outcome: 'succeeded' },
      { lane: 'pool/gpu-train', outcome: 'refused' },
      { lane: 'pool/gpu-train', outcome: 'succeeded' },
    ])
  })
})

describe('of another policy that has what it tells of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tour-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (config: object): string => {
    const at = join(folder, 'mine.config.json')
    writeFileSync(at, JSON.stringify(config))
    return at
  }

  it('examples/life.config.ts is played to its end, whatever its gates ask, and though nobody has pinned its images', async () => {
    const { code, out, err } = await cli('tour', '--config', 'examples/life.config.ts')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/8 chapters, every outcome as it should be$/)
  })

  it('as many approvers answer as it needs', async () => {
    const approvals = {
      ...example.approvals,
      approvers: [...example.approvals.approvers, { id: 'T0SIGNAL/U0CLEO', name: 'cleo' }],
      need: 2,
    }
    const { code, out } = await cli('tour', '--config', file({ ...example, approvals }))
    expect(out).toMatch(/asked; \S+ and \S+ approve$/m)
    expect(code).toBe(0)
  })

  it.each([
    ['nobody may ask', { approvals: { ...example.approvals, unknownRequester: 'refuse' } }, 1],
    [
      'a service finds no room',
      { pools: { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 1 } } },
      2,
    ],
  ])('where %s the chapter that ends otherwise is the last one, and no error', async (_, other, chapters) => {
    const { code, out, err } = await cli('tour', '--config', file({ ...example, ...other }))
    expect([code, err]).toEqual([1, ''])
    expect(out).toMatch(/✗ The story ends here: what follows needs “/)
    expect(out).toMatch(new RegExp(`✗ ${chapters} chapters?, every outcome listed above$`))
  })
})
