import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { onPaper } from '../../core/policy/on-paper.ts'
import { parsePolicy } from '../../core/policy.ts'
import { policyFiles, policySchema } from '../../scripts/policy-docs.ts'
import config from '../../signalbox.config.ts'
import { cli } from '../cli/running.ts'

it.each(Object.entries(policyFiles()))(
  '%s is what the docstrings say: `npm run policy-docs` makes it',
  (file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text)
  },
)

it('signalbox schema prints it', async () => {
  const { code, out } = await cli('schema')
  expect([code, JSON.parse(out)]).toEqual([0, policySchema()])
})

it('the example works as it is written, and shows what acts by itself: drift that retrains, and a ladder', () => {
  const policy = parsePolicy(config)
  expect(onPaper(policy)).toEqual([])
  expect(policy.budget.ladder?.map(({ do: does }) => does)).toEqual([
    'notify',
    'ask-always',
    'no-new-runs',
    'cap-pools',
  ])
  expect(policy.found.byAlert.get('ModelDriftHigh')).toMatchObject([{ service: 'support-llama' }])
})

it('the example writes no key that the schema does not describe', () => {
  interface Node {
    description?: string
    properties?: Record<string, Node>
    additionalProperties?: Node | boolean
    items?: Node
    anyOf?: Node[]
  }
  const undescribed = (value: unknown, node: Node | undefined, path: string): string[] => {
    if (value === null || typeof value !== 'object') return []
    const shape = node?.anyOf?.[0] ?? node
    return Object.entries(value).flatMap(([key, below]) => {
      const other = typeof shape?.additionalProperties === 'object' ? shape.additionalProperties : shape?.items
      const own = shape?.properties?.[key]
      return [
        ...(own?.description === undefined && other === undefined ? [`${path}.${key}`] : []),
        ...undescribed(below, own ?? other, `${path}.${key}`),
      ]
    })
  }
  expect(undescribed(config, policySchema() as Node, '')).toEqual([])
})
