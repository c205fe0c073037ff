import type { RollOutModelStep } from '../../../core/plan.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { NodeView } from '../../../core/world.ts'

/**
 * The scheduler, Deployments and Karpenter of one pool, as far as room goes: a pod is on one node that has all of its GPUs; a node is started,
 * whole, for a pod that fits on none, while there may be one more; which pods of a Deployment go, and onto which node a pod comes, dice say.
 */
export class NodesInPlay {
  readonly #gpusPerNode: number
  readonly #most: number
  readonly #roll: (sides: number) => number
  #nodes: Pod[][] = []
  #waiting: Pod[] = []

  constructor({ gpusPerNode, nodes, roll }: { gpusPerNode: number; nodes: number; roll: (sides: number) => number }) {
    this.#gpusPerNode = gpusPerNode
    this.#most = nodes
    this.#roll = roll
  }

  /** So many pods of a generation are asked for, each of so many GPUs; generation 0 is others'. */
  scale({ generation, gpus, replicas }: { generation: number; gpus: number; replicas: number }): void {
    const has = this.#podsOf(generation)
    for (let i = has.length; i < replicas; i++) this.#waiting.push({ generation, gpus })
    for (let i = has.length; i > replicas; i--) this.#remove(generation)
    this.#settle()
  }

  /** What a move asks for, what leaves first. Null: all of it has a node in the end. */
  move({ replicas, title }: RollOutModelStep, sizes: ReadonlyMap<number, number>): string | null {
    const asked = replicas.map(({ generation, replicas: count }) => ({
      generation,
      gpus: sizes.get(generation) ?? 0,
      replicas: count,
    }))
    const isFewer = ({ generation, replicas: count }: (typeof asked)[number]): boolean =>
      count < this.#podsOf(generation).length
    for (const one of asked.toSorted((a, b) => Number(isFewer(b)) - Number(isFewer(a)))) this.scale(one)
    return this.#waiting.length === 0 ? null : `“${title}”: ${this.#waiting.length} find no node, for ever`
  }

  /** GPUs that pods of our lane have, or wait for. */
  used(): number {
    return sum([...this.#nodes.flat(), ...this.#waiting].filter(isOurs))
  }

  /** GPUs that others have. */
  others(): number {
    return sum(this.#nodes.flat().filter((pod) => !isOurs(pod)))
  }

  /** Whether every pod has a node. */
  isSettled(): boolean {
    return this.#waiting.length === 0
  }

  /** As a lane sees it. */
  seen(): NodeView[] {
    return this.#nodes.map((pods) => {
      const own = [...Map.groupBy(pods.filter(isOurs), ({ generation }) => generation)].map(([generation, all]) => [
        generation,
        { pods: all.length, gpus: sum(all) },
      ])
      return {
        gpus: this.#gpusPerNode,
        others: sum(pods.filter((pod) => !isOurs(pod))),
        ...(own.length === 0 ? {} : { own: Object.fromEntries(own) }),
      }
    })
  }

  #podsOf(generation: number): Pod[] {
    return [...this.#nodes.flat(), ...this.#waiting].filter((pod) => pod.generation === generation)
  }

  /** What has no node goes first, as in Kubernetes. */
  #remove(generation: number): void {
    const waiting = this.#waiting.findIndex((pod) => pod.generation === generation)
    if (waiting >= 0) {
      this.#waiting.splice(waiting, 1)
      return
    }
    const on = this.#nodes.filter((pods) => pods.some((pod) => pod.generation === generation))
    const pods = on[this.#roll(on.length)] ?? []
    pods.splice(
      pods.findIndex((pod) => pod.generation === generation),
      1,
    )
    // Karpenter takes an empty node away, now or later.
    if (this.#roll(2) === 0) this.#nodes = this.#nodes.filter((one) => one.length > 0)
  }

  #settle(): void {
    this.#waiting = this.#waiting.filter((pod) => {
      const fits = this.#nodes.filter((pods) => sum(pods) + pod.gpus <= this.#gpusPerNode)
      const found = fits[this.#roll(Math.max(1, fits.length))]
      if (found !== undefined) found.push(pod)
      else if (this.#nodes.length < this.#most) this.#nodes.push([pod])
      else return true
      return false
    })
  }
}

interface Pod {
  generation: number
  gpus: number
}

const isOurs = ({ generation }: Pod): boolean => generation !== 0
const sum = (pods: readonly Pod[]): number => pods.reduce((total, { gpus }) => total + gpus, 0)

/** The same world, where generations ask for so many GPUs a pod. */
export const withSizes = (input: ServeInput, sizes: ReadonlyMap<number, number>): ServeInput => ({
  ...input,
  world: {
    ...input.world,
    generations: input.world.generations.map((view) => ({
      ...view,
      digest: `${view.digest}x`,
      gpusPerReplica: sizes.get(view.generation) ?? view.gpusPerReplica,
    })),
  },
})
