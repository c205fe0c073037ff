import type { Stepped } from '../../../core/lane/stepping.ts'
import type { RegisterModelStep } from '../../../core/plan.ts'
import { foundTag, registration } from '../../../core/steps/register-model.ts'
import type { Handler, Task } from './handler.ts'
import { valuesOfStep } from './results.ts'

/**
 * The registry takes no name of ours, so the tag of lane and artifact is searched first; a version that is found counts
 * only when it is what would be registered (law 16).
 */
const register = async (task: Task<RegisterModelStep>): Promise<Stepped> => {
  const { ports, step, view } = task
  const values = await valuesOfStep(task, step.of)
  const input = registration(step, { name: view.identity.name, values })
  if (input === null)
    return {
      kind: 'failed',
      reason: 'not-registered',
      note: `the result of ${step.of} names no \`model\` artifact, so there is nothing to register`,
    }
  const [key, value] = foundTag(input)
  const found = await ports.registry.findByTag(step.model, key, value)
  if (found !== null && found.source !== input.source)
    return {
      kind: 'failed',
      reason: 'name-taken',
      note: `${step.model} v${found.version} carries our tag ${value} and has another source, ${found.source}: nothing was registered. See who tagged it`,
    }
  const version = found ?? (await ports.registry.register(input))
  return {
    kind: 'done',
    note: `${version.name} v${version.version}`,
    values: { version: version.version, source: version.source },
  }
}

export const registerModel: Handler<RegisterModelStep> = { side: 'registry', begin: register, see: register }
