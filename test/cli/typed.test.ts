import { describe, expect, it } from 'vitest'
import { asTyped } from '../../cli/typed.ts'
import { cli } from './running.ts'

describe('a command that a text names', () => {
  it.each([
    ['on the folder that is taken unless told', {}, 'say `signalbox plans`', 'say `npx signalbox plans`'],
    ['on another folder', { data: '/tmp/x' }, 'say `signalbox why a/b`', 'say `npx signalbox why a/b --data /tmp/x`'],
    ['on one whose name has a space', { data: 'my box' }, '`signalbox spend`', "`npx signalbox spend --data 'my box'`"],
    [
      'of what is deployed',
      { aws: 'eu-central-1', data: 'x' },
      '`signalbox why a/b`',
      '`npx signalbox why a/b --aws eu-central-1`',
    ],
    ['that reaches nothing deployed', { aws: 'eu-central-1' }, '`signalbox start`', '`npx signalbox start`'],
    ['that says where', { data: 'x' }, '`signalbox start --data y`', '`npx signalbox start --data y`'],
    ['about a cluster', { data: 'x' }, '`signalbox bootstrap --apply`', '`npx signalbox bootstrap --apply`'],
    [
      'that reads another policy',
      { config: 'a.config.ts', data: 'x' },
      'run `npx signalbox pin`, `signalbox start`, `signalbox plans`',
      'run `npx signalbox pin --config a.config.ts`, `npx signalbox start --config a.config.ts --data x`, `npx signalbox plans --data x`',
    ],
    [
      'of what another policy names in AWS',
      { config: 'a.config.ts', aws: 'eu-central-1' },
      '`signalbox plans`',
      '`npx signalbox plans --config a.config.ts --aws eu-central-1`',
    ],
    ['that is typed so already', { data: 'x' }, '`npx signalbox plans`', '`npx signalbox plans --data x`'],
    ['that is none', { data: 'x' }, 'signalbox plans, `signalbox.config.ts`', 'signalbox plans, `signalbox.config.ts`'],
  ])('%s can be typed as it stands there', (_, reached, text, typed) => {
    expect(asTyped(text, reached)).toBe(typed)
  })
})

it.each(['start', 'tour', 'doctor', 'pin', 'prices', 'bootstrap', 'adopt', 'plans', 'why', 'lease', 'lift', 'spend'])(
  '%s takes the policy that is repeated for it',
  async (name) => {
    expect((await cli(name, '--help')).out).toContain('--config <file>')
  },
)
