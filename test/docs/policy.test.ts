import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
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
