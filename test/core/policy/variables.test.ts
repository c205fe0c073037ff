import { expect, it } from 'vitest'
import { nameOfStage } from '../../../core/policy/stages.ts'
import { isOurs, variablesOf } from '../../../core/policy/variables.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { exampleConfig, trainInput } from '../training-fixture.ts'

it('every variable that a stage is told by us is known as ours, and those of its preset are not', () => {
  const policy = parsePolicy(exampleConfig())
  const [, stage] = policy.pipelines['support-chats']!.stages
  const job = stageJob({
    ...trainInput({ policy }),
    stage: stage!,
    preset: null,
    model: 'm',
    reads: { train: 'a-train' },
  })
  const told = job.spec!.template.spec!.containers[0]!.env!.map(({ name }) => name)
  expect(nameOfStage(stage!)).toBe('evaluate')
  expect(told.filter((name) => !isOurs(name)).sort()).toEqual(variablesOf('train').sort())
  expect(isOurs('METHOD')).toBe(false)
})
