import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { laneKinds } from '../core/lane-kinds/catalogue.ts'
import { reactions } from '../core/reactions/catalogue.ts'
import { goViolationsOf } from '../scripts/house/go.ts'
import { scan } from '../scripts/house/imports.ts'
import { DESIRED_KINDS, EVENT_TYPES, LANE_KINDS } from '../scripts/house/named-kinds.ts'
import { violationsOf } from '../scripts/house/rules.ts'
import { missingSiblings } from '../scripts/house/siblings.ts'
import { goTreeOf, pathsOf, treeOf } from '../scripts/house/tree.ts'

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
    expect(ports).toEqual(expect.arrayContaining(['ledger', 'queue', 'cluster', 'clock']))
  })

  it('has every sibling of every stem', () => {
    const typesOnly = new Set([...tree].flatMap(([path, source]) => (scan(source).typesOnly ? [path] : [])))
    expect(missingSiblings({ paths: pathsOf(root), contracts, ports, typesOnly })).toEqual([])
  })

  it('knows every lane kind, desired state and event that only their own rooms may ask for', () => {
    expect(LANE_KINDS).toEqual(laneKinds.map(({ name }) => name))
    const desired = [...read('core/desired.ts').matchAll(/^ {2}kind: '([a-z-]+)'$/gm)].map(([, kind]) => kind)
    expect([...DESIRED_KINDS].sort()).toEqual([...desired].sort())
    expect([...EVENT_TYPES].sort()).toEqual([...contracts].sort())
    for (const { contract } of reactions) expect(EVENT_TYPES).toContain(contract.name)
  })

  it('has every line in its room', () => {
    expect(violationsOf(tree)).toEqual([])
    expect(goViolationsOf(goTreeOf(root))).toEqual([])
  })
})
