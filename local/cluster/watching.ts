import type { Change, Watched } from '../../flows/ports.ts'
import { parsed, type Seen } from './store.ts'
import type { Labels } from './wire.ts'

interface Watcher {
  labels: Labels
  /** null: all of them. */
  namespaces: ReadonlySet<string> | null
  onChange: (change: Change) => void
  stopped: boolean
}

/** Hands committed changes on, in order and never while something is being written. */
export class Watching {
  readonly #watchers = new Set<Watcher>()
  #delivering: Promise<void> = Promise.resolve()

  watch({ labels = {}, namespaces }: Watched, onChange: Watcher['onChange']): { stop(): void } {
    const within = namespaces === undefined ? null : new Set(namespaces)
    const watcher: Watcher = { labels, namespaces: within, onChange, stopped: false }
    this.#watchers.add(watcher)
    return {
      stop: () => {
        watcher.stopped = true
        this.#watchers.delete(watcher)
      },
    }
  }

  /** Delivers after what was told before; resolves when it is delivered. */
  tell(seen: Seen[]): Promise<void> {
    const watchers = [...this.#watchers]
    if (seen.length === 0 || watchers.length === 0) return this.#delivering
    this.#delivering = this.#delivering.then(() => {
      for (const one of seen) for (const watcher of watchers) deliver(watcher, one)
    })
    return this.#delivering
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.stopped = true
    this.#watchers.clear()
  }
}

/** To a watcher with a selector, an object that begins to match is added and one that no longer does is deleted. */
const deliver = (watcher: Watcher, { type, body, namespace, labels, before }: Seen): void => {
  if (watcher.stopped || watcher.namespaces?.has(namespace ?? '') === false) return
  const [matched, matches] = [before !== null && selects(watcher.labels, before), selects(watcher.labels, labels)]
  if (!matched && !matches) return
  const seen = type === 'DELETED' || !matches ? 'DELETED' : matched ? 'MODIFIED' : 'ADDED'
  try {
    watcher.onChange({ type: seen, object: parsed(body) })
  } catch {
    // A watcher that fails is its own affair: the cluster and the other watchers go on.
  }
}

const selects = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value)
