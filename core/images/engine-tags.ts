import { isRecord } from '../record.ts'
import { ENGINE_NAMES, type EngineName, versionTold, whyOther } from '../workloads/engine-versions.ts'
import { taggedReference } from './reference.ts'

/**
 * What tags of engines' own images tell of their versions, where a service would not do with that: `path: why`. Once they are digests nobody
 * sees it any more. Total: of what is no config nothing.
 */
export const engineTagProblems = (config: unknown): string[] => {
  const services = isRecord(config) && isRecord(config['services']) ? config['services'] : {}
  return Object.entries(services).flatMap(([name, rule]) => {
    const why = isRecord(rule) ? whyOtherTag(rule) : null
    return why === null ? [] : [`services.${name}.image: ${String((rule as { image: unknown }).image)}: ${why}`]
  })
}

const whyOtherTag = ({ engine = ENGINE_NAMES[0], image, engineVersion }: Record<string, unknown>): string | null => {
  const reference = typeof image === 'string' ? taggedReference(image) : null
  if (reference === null || !isEngine(engine)) return null
  const told = versionTold(engine, reference)
  return told === null ? null : whyOther(engine, told, typeof engineVersion === 'string' ? engineVersion : undefined)
}

const isEngine = (text: unknown): text is EngineName => ENGINE_NAMES.some((one) => one === text)
