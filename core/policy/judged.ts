import type { Policy, ServicePolicy } from '../policy.ts'
import { inSight } from '../text.ts'
import { newest } from '../workloads/presets.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { registeredStage } from './pipelines.ts'
import { nameOfStage } from './stages.ts'

/** Gates that no figure passes together. */
export const gatesOnPaper = ({ pipelines, services }: Policy): OnPaper[] => [
  ...Object.entries(pipelines).flatMap(([name, rule]) =>
    rule.stages.flatMap(({ gates }, index) =>
      contradictions(gates, `pipelines.${name}.stages.${index}.gates`, laneOf('pipeline', name, rule)),
    ),
  ),
  ...Object.entries(services).flatMap(([name, rule]) =>
    contradictions(rule.gate.checks, `services.${name}.gate.checks`, laneOf('service', name, rule)),
  ),
]

/** What only measures leaves no weights, and is found out once all stages are paid for. */
export const registersOnPaper = ({ pipelines }: Policy): OnPaper[] =>
  Object.entries(pipelines).flatMap(([name, rule]) => {
    const of = registeredStage(rule)
    const stage = rule.stages.find((one) => nameOfStage(one) === of)
    if (stage?.use === undefined || newest(stage.use).measures !== true) return []
    const others = rule.stages.flatMap((one) => (one === stage ? [] : [nameOfStage(one)]))
    const path = `pipelines.${name}.register.from`
    const why = `\`${of}\` measures what others made and makes no weights, so nothing could be registered once all is paid for: say the stage that makes them${others.length === 0 ? '' : `, one of ${others.join(', ')}`}`
    return [{ path, why, lanes: [laneOf('pipeline', name, rule)] }]
  })

const contradictions = (gates: ServicePolicy['gate']['checks'], path: string, lane: string): OnPaper[] =>
  [...Map.groupBy(gates, ({ metric }) => metric)].flatMap(([metric, all]) => {
    const values = (way: string): number[] => all.flatMap(({ op, value }) => (op === way ? [value] : []))
    const [least, most] = [Math.max(...values('>=')), Math.min(...values('<='))]
    const why = `${inSight(metric)} must be >= ${least} and <= ${most}, which no figure is: nothing would ever pass; change one of them, or leave it out`
    return least > most ? [{ path, why, lanes: [lane] }] : []
  })
