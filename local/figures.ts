import { registeredStage } from '../core/policy/pipelines.ts'
import { nameOfStage } from '../core/policy/stages.ts'
import type { PipelinePolicy, ServicePolicy } from '../core/policy.ts'
import { TASK } from '../core/workloads/gate-check.ts'
import { metricsOf } from './cluster/program.ts'
import type { Simulation } from './cluster/simulation.ts'

type Check = PipelinePolicy['stages'][number]['gates'][number]
/** What a simulated container says of itself, by what it is. */
type Told = Pick<Simulation, 'tasks'>

/** What simulated stages must be told, so that every gate of a pipeline holds and what it registers is made; null: they say and make all of it by themselves. */
export const figuresOfStages = (rule: Pick<PipelinePolicy, 'stages' | 'register'>): Told | null => {
  const asked = new Map<string, Check[]>()
  // Stages of one task are told as one: what holds for one of them must for all.
  for (const stage of rule.stages) asked.set(taskOf(stage), [...(asked.get(taskOf(stage)) ?? []), ...stage.gates])
  const figures = told(asked)?.tasks ?? {}
  const { artifact } = rule.register ?? {}
  const from = rule.stages.find((stage) => nameOfStage(stage) === registeredStage(rule))
  const tasks =
    artifact === undefined || from === undefined
      ? figures
      : { ...figures, [taskOf(from)]: { ...figures[taskOf(from)], artifacts: [artifact] } }
  return Object.keys(tasks).length === 0 ? null : { tasks }
}

const taskOf = (stage: PipelinePolicy['stages'][number]): string => stage.use ?? nameOfStage(stage)

/** The same of what a service's gate checks. */
export const figuresOfGate = ({ gate }: Pick<ServicePolicy, 'gate'>): Told | null =>
  told(new Map([[TASK, gate.checks]]))

/** Figures of a version that is worse than a service's gate lets pass, in each of them. */
export const failingFigures = ({ gate }: Pick<ServicePolicy, 'gate'>): Told => ({
  tasks: { [TASK]: { metrics: Object.fromEntries(gate.checks.map((one) => [one.metric, failing(one)])) } },
})

const failing = ({ op, value }: Check): number =>
  op === '>=' ? (value > 0 ? value / 2 : value - 1) : value > 0 ? Number((value * 2.6).toPrecision(3)) : value + 1

const told = (asked: ReadonlyMap<string, readonly Check[]>): Told | null => {
  const tasks = [...asked].flatMap(([task, checks]) => {
    const usual = metricsOf(task)
    // What is told takes the place of all that it says by itself.
    return checks.every((one) => holds(one, usual[one.metric]))
      ? []
      : [[task, { metrics: figuresFor(checks, usual) }] as const]
  })
  return tasks.length === 0 ? null : { tasks: Object.fromEntries(tasks) }
}

const figuresFor = (checks: readonly Check[], usual: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    checks.map(({ metric }) => {
      const same = checks.filter((one) => one.metric === metric)
      const own = usual[metric]
      if (own !== undefined && same.every((one) => holds(one, own))) return [metric, own]
      const least = same.filter(({ op }) => op === '>=').map(({ value }) => value)
      return [metric, least.length > 0 ? Math.max(...least) : Math.min(...same.map(({ value }) => value))]
    }),
  )

const holds = ({ op, value }: Check, figure: number | undefined): boolean =>
  figure !== undefined && (op === '>=' ? figure >= value : figure <= value)
