import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scan } from '../scripts/house/imports.ts'
import { violationsOf } from '../scripts/house/rules.ts'
import { missingSiblings } from '../scripts/house/siblings.ts'
import { pathsOf, treeOf } from '../scripts/house/tree.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tree = treeOf(root)
const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '')

/** Contracts are the files beside the catalogue that it imports and that declare a `Contract<…>`. */
const contracts = scan(read('events/catalogue.ts'))
  .imports.flatMap(({ specifier, typeOnly }) =>
    typeOnly ? [] : (/^\.\/([a-z-]+)\.ts$/.exec(specifier ?? '')?.[1] ?? []),
  )
  .filter((stem) => /:\s*Contract</.test(read(`events/${stem}.ts`)))

const ports = [
  ...(/export interface Ports \{([^}]*)\}/.exec(read('flows/ports.ts'))?.[1] ?? '').matchAll(/^\s+(\w+): /gm),
].flatMap(([, port]) => port ?? [])

describe('the house', () => {
  it('lists its contracts and its ports where this test can read them', () => {
    expect(contracts).toEqual(
      expect.arrayContaining(['approval-answered', 'dataset-uploaded', 'model-promoted', 'plan-finished']),
    )
    expect(ports).toEqual(expect.arrayContaining(['ledger', 'cluster', 'workflow', 'clock']))
  })

  it('has every sibling of every stem', () => {
    const typesOnly = new Set([...tree].flatMap(([path, source]) => (scan(source).typesOnly ? [path] : [])))
    expect(missingSiblings({ paths: pathsOf(root), contracts, ports, typesOnly })).toEqual([])
  })

  it('has every line in its room', () => {
    expect(violationsOf(tree)).toEqual([])
  })
})
