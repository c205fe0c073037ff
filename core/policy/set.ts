import * as z from 'zod/mini'
import { inEnglish } from '../../events/input.ts'
import type { SetOf } from '../../events/occasions.ts'
import type { StagePolicy } from '../policy.ts'
import { monitorProblems } from './monitors.ts'
import { nameOfStage, stage } from './stages.ts'

/** The stages with what is set of them: arguments in place of theirs, variables beside theirs. */
export const stagesSet = (stages: readonly StagePolicy[], set: SetOf): StagePolicy[] =>
  stages.map((one) => {
    const said = Object.hasOwn(set, nameOfStage(one)) ? set[nameOfStage(one)] : undefined
    if (said === undefined) return one
    const { args = one.args, env = {} } = said
    return { ...one, args: [...args], env: { ...one.env, ...env } }
  })

/** What of a policy says what may be set of one of its pipelines. */
interface Setting {
  stages: readonly StagePolicy[]
  services: Parameters<typeof monitorProblems>[0]['services']
}

/** Why that cannot be set, and what to write, as the policy would say it of the stage; null: it can. */
export const whyNotSet = ({ stages, services }: Setting, set: SetOf): string | null => {
  const names = stages.map(nameOfStage)
  const unknown = Object.keys(set).find((name) => !names.includes(name))
  if (unknown !== undefined) return `there is no stage \`${unknown}\`: it is one of ${names.join(', ')}`
  const isSet = stagesSet(stages, set)
  for (const one of isSet) {
    const name = nameOfStage(one)
    const [issue] = Object.hasOwn(set, name) ? (z.safeParse(stage, one, inEnglish).error?.issues ?? []) : []
    if (issue !== undefined) return `${[name, ...issue.path.map(String)].join('.')}: ${messageOf(issue)}`
  }
  const [unheard] = monitorProblems({ pipelines: { set: { stages: isSet } }, services })
  if (unheard === undefined) return null
  const [, , , at, ...path] = unheard.path
  return `${[names[Number(at)], ...path].join('.')}: ${unheard.message}`
}

/** Of a name that is none its own problem says why. */
const messageOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
