import { digestOf } from '../digest.ts'
import { type KubeObject, podSpecOf } from '../kube.ts'
import type { RegisterModelStep, Step } from '../plan.ts'
import type { Effects } from '../plan-effects.ts'
import type { ResizePoolStep } from '../pools/step.ts'
import { minuteText } from '../text.ts'
import { objectDigest } from '../workloads/object-digest.ts'

/**
 * What an approval binds, and its digest (law 7): the objects with names left out, every image that they would run, what
 * is interrupted, how many replicas stand in the end, which stage each gate judges, what is registered of which stage and where, and in
 * which order all that is done. Neither the order of the objects nor that of their keys changes it.
 */
export const effectsOf = ({
  objects,
  interrupts,
  steps = [],
  from,
}: {
  objects: KubeObject[]
  interrupts: string[]
  steps?: Step[]
  from?: number | undefined
}): { effects: Effects; digest: string } => {
  const effects: Effects = {
    objects: objects
      .map((object) => ({
        kind: object.kind,
        namespace: object.metadata.namespace ?? null,
        digest: objectDigest(object),
      }))
      .sort((a, b) => compare(orderOf(a), orderOf(b))),
    images: [...new Set(objects.flatMap(imagesOf))].sort(compare),
    interrupts: [...interrupts].sort(compare),
    gates: steps.flatMap(gatesOf).sort(compare),
    replicas: replicasAfter(steps),
    registers: steps.flatMap((step) => (step.kind === 'register-model' ? [registered(step)] : [])).sort(compare),
    ...leasesIn(steps),
    ...liftsIn(steps),
    ...(from === undefined ? {} : { begins: minuteText(from) }),
    order: steps.flatMap(({ kind, name }) => (UNBOUND.has(kind) ? [] : [name])),
  }
  return { effects, digest: digestOf(effects) }
}

/**
 * Whether what an approval binds has this in it: as many replicas or fewer, judged by the same gates, in place of the same, and nothing that it does not
 * have. How many of them a drain may have goes by how many there are.
 */
export const isPartOf = (part: Effects, whole: Effects): boolean => {
  const { objects, images, replicas, order: _, ...rest } = part
  const { objects: allObjects, images: allImages, replicas: most, order: __, ...all } = whole
  const known = new Set(allObjects.map(orderOf))
  return (
    replicas !== null &&
    most !== null &&
    replicas <= most &&
    objects.every((object) => object.kind === 'PodDisruptionBudget' || known.has(orderOf(object))) &&
    images.every((image) => allImages.includes(image)) &&
    digestOf(rest) === digestOf(all)
  )
}

const leasesIn = (steps: readonly Step[]): Pick<Effects, 'leases'> => {
  const leases = steps.flatMap((step) => (step.kind === 'resize-pool' ? [leaseText(step)] : []))
  return leases.length === 0 ? {} : { leases }
}

const liftsIn = (steps: readonly Step[]): Pick<Effects, 'lifts'> => {
  const lifts = steps.flatMap((step) =>
    step.kind === 'lift-rung' ? [`${step.rung} until ${minuteText(step.until)}`] : [],
  )
  return lifts.length === 0 ? {} : { lifts }
}

const leaseText = ({ pool, lease: { id, gpus, until, extends: extended } }: ResizePoolStep): string =>
  `${pool} ${extended ? `${id} (+${gpus})` : `+${gpus}`} until ${minuteText(until)}`

/** What an approval binds by its bounds and its end, whatever the way there. */
const UNBOUND: ReadonlySet<Step['kind']> = new Set(['roll-out-model', 'switch-traffic', 'notify'])

/** Replicas that stand once the last move is made, whatever the path; null: nothing is moved. */
const replicasAfter = (steps: readonly Step[]): number | null => {
  const last = steps.findLast((step) => step.kind === 'roll-out-model')
  return last === undefined
    ? null
    : (last.scaled?.max ?? last.replicas.reduce((sum, { replicas }) => sum + replicas, 0))
}

const gatesOf = (step: Step): string[] =>
  step.kind === 'check-gate' ? step.gates.map(({ metric, op, value }) => `${step.of}: ${metric} ${op} ${value}`) : []

const registered = ({ model, of, workspace = null }: RegisterModelStep): string =>
  `${model} from ${of}${workspace === null ? '' : ` in ${workspace}`}`

const orderOf = ({ kind, namespace, digest }: Effects['objects'][number]): string =>
  `${kind} ${namespace ?? ''} ${digest}`

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Of its containers, and of volumes that are one. */
const imagesOf = (object: KubeObject): string[] => {
  const { containers = [], initContainers = [], volumes = [] } = podSpecOf(object) ?? {}
  const all = [
    ...[...initContainers, ...containers].map(({ image }) => image),
    ...volumes.map(({ image }) => image?.reference),
  ]
  return all.filter((image) => image !== undefined)
}
