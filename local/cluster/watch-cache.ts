import { type Kind, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import type { Selection } from '../../flows/ports.ts'
import { parsed, type Seen } from './store.ts'
import { KINDS, placeOf } from './wire.ts'

/**
 * What a list that is not `fresh` is answered from: the objects as they stood some time ago. It is kept in memory, as the server's
 * is: one that begins anew has just read everything.
 */
export class WatchCache {
  readonly #lag: number
  #recent: Seen[] = []

  /** How far it is behind, milliseconds. */
  constructor(lag: number) {
    this.#lag = lag
  }

  /** Learns what was written, in order. */
  note(seen: readonly Seen[], now: number): void {
    if (this.#lag > 0) this.#recent = this.#behind(now).concat(seen)
  }

  /** The list as it was, given the one that is. */
  list(kind: Kind, where: Selection, { current, now }: { current: KubeObject[]; now: number }): KubeObject[] {
    this.#recent = this.#behind(now)
    const before = new Map<string, KubeObject | null>()
    for (const { body, was } of this.#recent) {
      const object = parsed<KubeObject>(body)
      const key = keyOf(refOf(object))
      if (object.kind === kind && !before.has(key)) before.set(key, was === null ? null : parsed(was))
    }
    if (before.size === 0) return current
    const others = current.filter((object) => !before.has(keyOf(refOf(object))))
    const stood = [...before.values()].filter((object) => object !== null && matches(object, where)) as KubeObject[]
    return [...others, ...stood].sort(byPlace)
  }

  /** What was written since the time that it is at. */
  #behind(now: number): Seen[] {
    return this.#recent.filter(({ at }) => at > now - this.#lag)
  }
}

const keyOf = (ref: ObjectRef): string => {
  const { namespace, name } = placeOf(ref)
  return `${ref.kind}/${namespace}/${name}`
}

const matches = ({ kind, metadata }: KubeObject, { namespace, labels = {} }: Selection): boolean =>
  (namespace === undefined || !KINDS[kind].namespaced || metadata.namespace === namespace) &&
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)

const byPlace = (a: KubeObject, b: KubeObject): number => {
  const [one, other] = [a, b].map(({ metadata }) => `${metadata.namespace ?? ''}\n${metadata.name}`) as [string, string]
  return one < other ? -1 : one > other ? 1 : 0
}
