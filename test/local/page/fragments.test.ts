import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { chatFragment, lanesFragment, planFragment, poolsFragment } from '../../../local/page/fragments.ts'
import { exampleConfig, trainPlan } from '../../core/training-fixture.ts'

const bar = { pool: 'gpu-train', used: 0, held: 0, free: 0, provisioned: 0, provisioning: 0, leases: [], buttons: [] }

it.each([1e9, 1e300, Number.NaN])(
  'a pool of which somebody’s pods ask for %s GPUs is drawn all the same',
  async (ceiling) => {
    const html = String(await poolsFragment([{ ...bar, ceiling, used: ceiling }]))
    expect(html).toContain('gpu-train')
    expect(html.length).toBeLessThan(20_000)
  },
)

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

it('what is not seen in a key is shown for what it is, as on the card', async () => {
  const plan = { ...trainPlan(), reasons: ['named by s3://acme-datasets/\u202egnp.evil/manifest.json'] }
  const html = String(await planFragment({ ...track, plan, signals: [] }))
  expect(html).toContain('\ufffdgnp.evil')
  expect(html).not.toContain('\u202e')
})

it('ways among which people choose stand in one list, each with the button of its own; a text from outside is only a text', async () => {
  const choices = ['default', 'spot'].map((name) => ({ name, question: `q-${name}`, lines: ['<b>costs</b>'] }))
  const card = { title: 't', facts: [], lines: [], question: 'q-default', tone: 'asking' as const }
  const posted = (more: object) =>
    chatFragment([{ channel: 'C0', key: 'k', ts: '1', at: 0, card: { ...card, ...more } }])
  const html = String(await posted({ choices }))
  expect(
    html.match(/data-question="q-[a-z]+" class="primary">Approve default|data-question="q-spot">Approve spot/g),
  ).toHaveLength(2)
  expect(html).toContain('&lt;b&gt;costs')
  expect(html).not.toContain('>Approve</button>')
  expect(String(await posted({}))).toContain('class="primary">Approve</button>')
  // On its lane too, where there is room for them side by side.
  const one = { ...track, plan: null, signals: [], choices }
  const lanes = String(await lanesFragment([one], null, parsePolicy(exampleConfig())))
  expect(lanes.match(/data-question="q-spot">Approve spot/g)).toHaveLength(1)
})
