import { describe, expect, it } from 'vitest'
import { cli } from '../running.ts'

const LANE = 'pipeline/support-chats'
const IN = ['--aws', 'eu-central-1']

const EACH: [string, ...string[]][] = [
  ['plans'],
  ['trace', LANE],
  ['why', LANE],
  ['retry', LANE],
  ['cancel', LANE],
  ['freeze', '--until', '4h'],
  ['thaw'],
]

describe.each(EACH)('%s --aws', (...argv) => {
  it('is in its help', async () => {
    const { out } = await cli(argv[0], '--help')
    for (const option of ['--aws <region>', '--config <file>']) expect(out).toContain(option)
  })

  it('takes a region, and says so before anything is asked', async () => {
    expect(await cli(...argv, '--aws', 'Frankfurt')).toEqual({
      code: 2,
      out: '',
      err: 'signalbox: --aws is a region such as eu-central-1, not "Frankfurt"',
    })
  })
})

it.each(['approve', 'deny'])('%s --aws is refused: people answer in Slack', async (verdict) => {
  const { code, err } = await cli(verdict, 'p1', '--by', 'T0/U0', ...IN)
  expect([code, err]).toEqual([2, expect.stringContaining('in Slack')])
  expect((await cli(verdict, '--help')).out).not.toContain('--aws')
})
