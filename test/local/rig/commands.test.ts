import { describe, expect, it } from 'vitest'
import { PROGRAM_NAMES } from '../../../local/rig/binaries.ts'
import { type Command, controllers, foundation, PORT_NAMES, type RigPorts } from '../../../local/rig/commands.ts'
import { instanceTypes } from '../../../local/rig/instance-types.ts'

const ports = Object.fromEntries(PORT_NAMES.map((name, index) => [name, 40_000 + index])) as unknown as RigPorts
const all: Command[] = [...foundation('/rig', ports), ...controllers('/rig', ports)]

describe('the rig', () => {
  it('starts every program that is built, once', () => {
    expect(all.map(({ program }) => program).sort()).toEqual([...PROGRAM_NAMES].sort())
  })

  it('uses each of its ports, and no port twice', () => {
    const said = all.map(({ args, environment }) => JSON.stringify([args, environment])).join()
    for (const port of Object.values(ports)) expect(said).toContain(String(port))
    expect(new Set(all.map(({ ready }) => ready)).size).toBe(all.length)
  })

  it('writes only below its own folder', () => {
    const paths = all.flatMap(({ args }) => args).flatMap((arg) => /=(\/.*)$/.exec(arg)?.[1] ?? [])
    expect(paths.filter((path) => !path.startsWith('/rig/'))).toEqual([])
    expect(paths.length).toBeGreaterThan(10)
  })

  it('listens on loopback: every address that it is given is 127.0.0.1', () => {
    const hosts = all
      .flatMap(({ args, ready }) => [...args, ready])
      .flatMap((text) => /\/\/([^:/]+)/.exec(text)?.[1] ?? [])
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1', 'kubernetes.default.svc']))
  })
})

describe('instance types', () => {
  it('carry whole GPUs and the labels by which AWS pins one', () => {
    for (const type of instanceTypes() as {
      name: string
      resources: Record<string, string>
      offerings: { Requirements: { key: string; values: string[] }[] }[]
    }[]) {
      const keys = type.offerings[0]?.Requirements ?? []
      // One has none, and no label of any.
      if (type.name === 'm7i.4xlarge') {
        expect(JSON.stringify(type)).not.toContain('gpu')
        continue
      }
      const count = keys.find(({ key }) => key === 'karpenter.k8s.aws/instance-gpu-count')
      expect(count?.values).toEqual([type.resources['nvidia.com/gpu']])
      expect(keys.map(({ key }) => key)).toContain('karpenter.k8s.aws/instance-gpu-name')
    }
  })

  it('are offered on demand and, cheaper, as spot nodes, which a NodePool that does not forbid them gets', () => {
    for (const type of instanceTypes() as { offerings: { Price: number; Requirements: { values: string[] }[] }[] }[]) {
      const prices = (way: string): number[] =>
        type.offerings.flatMap(({ Price, Requirements }) => (Requirements[0]?.values.includes(way) ? [Price] : []))
      expect([prices('on-demand').length, prices('spot').length]).toEqual([2, 2])
      expect(Math.max(...prices('spot'))).toBeLessThan(Math.min(...prices('on-demand')))
    }
  })
})
