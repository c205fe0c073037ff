import type { Stepped } from '../../../core/lane/stepping.ts'
import type { RegisterModelStep } from '../../../core/plan.ts'
import type { Failure } from '../../../core/reasons.ts'
import type { ResultRow } from '../../../core/rows.ts'
import {
  artifactOf,
  differenceOf,
  foundTag,
  type Registration,
  registration,
} from '../../../core/steps/register-model.ts'
import { artifactNow, UNPINNED } from '../../pins.ts'
import type { Handler, Task } from './handler.ts'
import { resultOfStep } from './results.ts'

/**
 * Registers what was measured, while it is still that. The registry takes no name of ours, so the tag of lane and artifact is
 * searched first; a version that is found counts only when it is what would be registered (law 16).
 */
const register = async (task: Task<RegisterModelStep>): Promise<Stepped> => {
  const { ports, step, view } = task
  const result = await resultOfStep(task, step.of)
  const input = registration(step, { name: view.identity.name, result, secret: view.secret })
  if (input === null || result === null) return failed('not-registered', whyNothing(step, result))
  if (result.pins?.[artifactOf(step)] === UNPINNED)
    return failed(
      'not-registered',
      `what ${step.of} made has more than 100,000 objects, so nobody can say later that it is what was measured: pack it into fewer files, then \`retry --from ${step.of}\``,
    )
  const changed = await whyNotSame(task, { input, result })
  if (changed !== null) return failed('artifact-changed', changed)
  const [key, value] = foundTag(input)
  const found = await ports.registry.findByTag(step.model, key, value, step.workspace)
  const difference = found === null ? null : differenceOf(found, input)
  if (difference !== null)
    return failed(
      'name-taken',
      `${step.model} v${found?.version} carries our tag ${value} and has ${difference}: nothing was registered. See who tagged it`,
    )
  const version = found ?? (await ports.registry.register(input))
  return {
    kind: 'done',
    note: `${version.name} v${version.version}`,
    values: { version: version.version, source: version.source },
  }
}

const whyNothing = (step: RegisterModelStep, result: ResultRow | null): string => {
  const { of } = step
  if (result === null)
    return `what ${of} measured and made is neither in the ledger nor where it was written, so there is nothing to register: \`retry --from ${of}\``
  const names = (artifact: string): boolean => result.values[artifact] !== undefined
  if (artifactOf(step) === 'adapter')
    return `the result of ${of} names no \`adapter\` artifact${names('model') ? ', and a `model`: name what is registered `adapter` there, or, where whole weights are meant, leave `artifact` of `register` out' : ', so there is nothing to register'}`
  return names('adapter')
    ? `the result of ${of} names an \`adapter\` and no \`model\`: say \`artifact: 'adapter'\` of \`register\`, or merge it into its base model in a stage that names what it makes \`model\``
    : `the result of ${of} names no \`model\` artifact, so there is nothing to register`
}

const failed = (reason: Failure, note: string): Stepped => ({ kind: 'failed', reason, note })

/** Why what lies there now is not what was measured; null: it is, or nobody here can see it. */
const whyNotSame = async (
  { ports, step }: Task<RegisterModelStep>,
  { input, result }: { input: Registration; result: ResultRow },
): Promise<string | null> => {
  const now = await artifactNow(ports.objects, result, { name: artifactOf(step) })
  if (now === 'same' || now === 'unseen') return null
  const what = now === 'gone' ? 'is not there (any more)' : `was changed after the result of ${step.of} was read`
  return `${input.source} ${what}, so it is not what was measured: nothing was registered. See who writes there, then \`retry --from ${step.of}\``
}

export const registerModel: Handler<RegisterModelStep> = { side: 'registry', begin: register, see: register }
