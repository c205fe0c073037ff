import { expect, it } from 'vitest'
import { poolsFragment } from '../../../local/page/fragments.ts'

const bar = { pool: 'gpu-train', used: 0, held: 0, free: 0, provisioned: 0, provisioning: 0 }

it.each([1e9, 1e300, Number.NaN])(
  'a pool of which somebody’s pods ask for %s GPUs is drawn all the same',
  async (ceiling) => {
    const html = String(await poolsFragment([{ ...bar, ceiling, used: ceiling }]))
    expect(html).toContain('gpu-train')
    expect(html.length).toBeLessThan(20_000)
  },
)
