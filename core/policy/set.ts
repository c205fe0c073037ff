import * as z from 'zod/mini'
import { inEnglish } from '../../events/input.ts'
import type { SetOf } from '../../events/occasions.ts'
import type { Policy, StagePolicy } from '../policy.ts'
import { whyUnheard } from './monitors.ts'
import { nameOfStage, stage } from './stages.ts'

/** The stages with what is set of them: arguments in place of theirs, variables beside theirs. */
export const stagesSet = (stages: readonly StagePolicy[], set: SetOf): StagePolicy[] =>
  stages.map((one) => {
    const said = Object.hasOwn(set, nameOfStage(one)) ? set[nameOfStage(one)] : undefined
    if (said === undefined) return one
    const { args = one.args, env = {} } = said
    return { ...patchedWithout(one, env), args: [...args], env: { ...one.env, ...env } }
  })

/** The stage whose `pod`, or manifest, says nothing of these variables: what is set of them wins over both. */
const patchedWithout = (one: StagePolicy, env: Readonly<Record<string, string>>): StagePolicy => {
  const own = nameOfStage(one)
  const containers = one.pod?.containers?.map((container) =>
    container?.name === own && container.env
      ? { ...container, env: container.env.filter((said) => !Object.hasOwn(env, said?.name ?? '')) }
      : container,
  )
  return containers === undefined ? one : { ...one, pod: { ...one.pod, containers } }
}

/** Why that cannot be set, and what to write, as the policy would say it of the stage; null: it can. */
export const whyNotSet = (
  stages: readonly StagePolicy[],
  set: SetOf,
  { services }: Pick<Policy, 'services'>,
): string | null => {
  const names = stages.map(nameOfStage)
  const unknown = Object.keys(set).find((name) => !names.includes(name))
  if (unknown !== undefined) return `there is no stage \`${unknown}\`: it is one of ${names.join(', ')}`
  for (const one of stagesSet(stages, set)) {
    const name = nameOfStage(one)
    const [issue] = Object.hasOwn(set, name) ? (z.safeParse(stage, one, inEnglish).error?.issues ?? []) : []
    const unheard = whyUnheard(one, services)
    if (unheard !== null) return `${name}.env.REPORTS: ${unheard}`
    if (issue !== undefined) return `${[name, ...issue.path.map(String)].join('.')}: ${messageOf(issue)}`
  }
  return null
}

/** Of a name that is none its own problem says why. */
const messageOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
