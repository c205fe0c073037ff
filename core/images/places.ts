import { toldOfManifest } from '../policy/manifest-places.ts'
import { besideTypes, type OneOf, onTypes } from './platforms.ts'
import { type ImageReference, printReference, taggedReference } from './reference.ts'

/** Where a config names an image, and what that needs to run there. */
export interface ImagePlace {
  path: (string | number)[]
  /** As it is written. */
  text: string
  needs: readonly OneOf[]
}

/** An image that is named by tag, and all that needs it. */
export interface WantedImage {
  /** Its whole name. */
  image: string
  reference: ImageReference & { tag: string }
  needs: OneOf[]
  /** Where it is named; of a manifest, where in that. */
  paths: string[]
}

type Named = Record<string, unknown>

/** What is there of it: a config that does not hold together is told so elsewhere. */
const named = (value: unknown): Named =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Named) : {}
const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const texts = (value: unknown): string[] => listed(value).filter((one) => typeof one === 'string')

/** Every image that a config names, in its order. Total: of what is no config there are none. */
export const imagesIn = (config: unknown): ImagePlace[] => {
  const { pipelines, services, pools, runner } = named(config)
  const typesOf = typesIn(named(pools))
  const wrapped = Object.values(named(pipelines)).flatMap((one) =>
    stagesIn(named(one)).filter(({ isWrapped }) => isWrapped),
  )
  const probed = Object.values(named(services)).flatMap((one) => {
    const { gate, pool } = named(one)
    return named(gate)['image'] === undefined ? [pool] : []
  })
  const needs = [
    ...onTypes(typesOf(wrapped.flatMap((stage) => stage.pools))),
    ...(probed.length === 0 ? [] : besideTypes(typesOf(probed))),
  ]
  return [
    ...place(['runner', 'image'], named(runner)['image'], needs),
    ...Object.entries(named(pipelines)).flatMap(([key, one]) => inPipeline(['pipelines', key], named(one), typesOf)),
    ...Object.entries(named(services)).flatMap(([key, one]) => inService(['services', key], named(one), typesOf)),
  ]
}

/** Instance types of pools, by their names. */
type TypesOf = (pools: readonly unknown[]) => string[]

const typesIn =
  (pools: Named): TypesOf =>
  (names) =>
    names.flatMap((name) => {
      const { instanceType, instanceTypes } = named(
        typeof name === 'string' && Object.hasOwn(pools, name) ? pools[name] : null,
      )
      return typeof instanceType === 'string' ? [instanceType] : texts(instanceTypes)
    })

/** The stages of a pipeline, with all pools that each may run on. */
const stagesIn = ({ stages, alternatives }: Named) =>
  listed(stages).map((one) => {
    const { name, use, image, pool, pod, runner } = named(one)
    const key = String(name ?? use)
    const others = Object.values(named(alternatives)).map((way) => named(named(named(way)['stages'])[key])['pool'])
    return { image, pod, pools: [pool, ...others], isWrapped: runner !== undefined }
  })

const inPipeline = (path: ImagePlace['path'], pipeline: Named, typesOf: TypesOf): ImagePlace[] =>
  stagesIn(pipeline).flatMap(({ image, pod, pools }, index) => {
    const needs = onTypes(typesOf(pools))
    const at = [...path, 'stages', index]
    return [...place([...at, 'image'], image, needs), ...inPod([...at, 'pod'], pod, needs)]
  })

const inService = (path: ImagePlace['path'], { image, pool, gate, pod }: Named, typesOf: TypesOf): ImagePlace[] => {
  const types = typesOf([pool])
  return [
    ...place([...path, 'image'], image, onTypes(types)),
    ...place([...path, 'gate', 'image'], named(gate)['image'], besideTypes(types)),
    ...inPod([...path, 'pod'], pod, onTypes(types)),
  ]
}

const inPod = (path: ImagePlace['path'], pod: unknown, needs: readonly OneOf[]): ImagePlace[] => {
  const { volumes, ...lists } = named(pod)
  return [
    ...['initContainers', 'containers'].flatMap((list) =>
      listed(lists[list]).flatMap((one, index) => place([...path, list, index, 'image'], named(one)['image'], needs)),
    ),
    // What a volume is made of is no program: no processor matters.
    ...listed(volumes).flatMap((one, index) =>
      place([...path, 'volumes', index, 'image', 'reference'], named(named(one)['image'])['reference'], []),
    ),
  ]
}

const place = (path: ImagePlace['path'], text: unknown, needs: readonly OneOf[]): ImagePlace[] =>
  typeof text === 'string' ? [{ path, text, needs }] : []

/** The images that a config names by tag, each once, in the order of their names. */
export const wantedImages = (config: unknown): WantedImage[] => {
  const all = new Map<string, WantedImage>()
  for (const { path, text, needs } of imagesIn(config)) {
    const reference = taggedReference(text)
    if (reference === null) continue
    const image = printReference(reference)
    const one = all.get(image) ?? { image, reference, needs: [], paths: [] }
    all.set(image, {
      ...one,
      needs: [...one.needs, ...needs],
      paths: [...one.paths, toldOfManifest(config, path.join('.'))],
    })
  }
  return [...all.values()].sort((a, b) => (a.image < b.image ? -1 : 1))
}
