import { describe, expect, it } from 'vitest'
import { setOf } from '../../../cli/commands/run.ts'

describe('what --set says', () => {
  it('is arguments of a stage, as words or as a JSON list, and variables', () => {
    expect(
      setOf(['train.args=--lr 1e-4', 'train.env.NOTE=a = b', 'train.env.EPOCHS=3', 'merge.args=["a b","c"]']),
    ).toEqual({
      train: { args: ['--lr', '1e-4'], env: { NOTE: 'a = b', EPOCHS: '3' } },
      merge: { args: ['a b', 'c'] },
    })
    expect(setOf(['train.args='])).toEqual({ train: { args: [] } })
    expect(setOf([])).toEqual({})
  })

  it.each([
    ['train', /STAGE\.args=… or STAGE\.env\.NAME=…/],
    ['train.image=busybox', /STAGE\.args/],
    ['train.args=["a"', /no JSON list/],
    ['train.args=[1]', /no JSON list/],
  ])('%j is told what may be said', (text, why) => {
    expect(() => setOf([text])).toThrow(why)
  })

  it('is said once each', () => {
    expect(() => setOf(['train.args=a', 'train.args=b'])).toThrow(/train\.args twice/)
    expect(() => setOf(['train.env.A=1', 'train.env.A=2'])).toThrow(/train\.env\.A twice/)
  })
})
