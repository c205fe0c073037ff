import { expect, it } from 'vitest'
import { planFragment, poolsFragment } from '../../../local/page/fragments.ts'
import { trainPlan } from '../../core/training-fixture.ts'

const bar = { pool: 'gpu-train', used: 0, held: 0, free: 0, provisioned: 0, provisioning: 0, leases: [], buttons: [] }

it.each([1e9, 1e300, Number.NaN])(
  'a pool of which somebody’s pods ask for %s GPUs is drawn all the same',
  async (ceiling) => {
    const html = String(await poolsFragment([{ ...bar, ceiling, used: ceiling }]))
    expect(html).toContain('gpu-train')
    expect(html.length).toBeLessThan(20_000)
  },
)

it('what is not seen in a key is shown for what it is, as on the card', async () => {
  const plan = { ...trainPlan(), reasons: ['named by s3://acme-datasets/\u202egnp.evil/manifest.json'] }
  const track = {
    lane: 'pipeline/x',
    wants: '',
    headline: '',
    cost: null,
    behind: null,
    state: 'wanted',
    frozen: null,
    untold: [],
    buttons: [],
  }
  const html = String(await planFragment({ ...track, plan, signals: [] }))
  expect(html).toContain('\ufffdgnp.evil')
  expect(html).not.toContain('\u202e')
})
