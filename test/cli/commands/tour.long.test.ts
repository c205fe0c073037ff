import { describe, expect, it } from 'vitest'
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
