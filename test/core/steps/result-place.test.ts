import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { isFile, podOfKey, resultOfPod, resultPlace } from '../../../core/steps/result-place.ts'
import { trainPlan } from '../training-fixture.ts'

const step = trainPlan().steps[0] as LaunchJobStep
const { name } = step.job.metadata
const place = resultPlace(step, name)

describe('where a Job writes its result', () => {
  it('each of its pods in a folder of its own name', () => {
    expect(place).toEqual({ bucket: 'acme-results', key: `results/${name}-` })
    expect(isFile(place)).toBe(false)
    const of = resultOfPod(place, name, `${name}-x7k2p`)
    expect(of).toEqual({ bucket: 'acme-results', key: `results/${name}-x7k2p/result.json` })
    expect(isFile(of)).toBe(true)
  })

  it('a Job that an earlier release has made, whose pods are not told their names, in one of the Job’s', () => {
    const before = structuredClone(step)
    for (const one of before.job.spec?.template.spec?.containers ?? [])
      one.env = (one.env ?? []).filter((variable) => variable.name !== 'POD_NAME')
    const old = resultPlace(before, name)
    expect(old.key).toBe(`results/${name}/result.json`)
    expect(isFile(old)).toBe(true)
  })

  it('whose pod wrote a key is told by its folder, which only a pod of that name can have made', () => {
    expect(podOfKey(place, name, `results/${name}-x7k2p/adapter/weights`)).toBe(`${name}-x7k2p`)
    for (const folder of [name, `${name}-x7k2`, `${name}-x7k2pp`, `${name}-X7k2p`, `${name}-x7k2p-b4d6f`, `${name}-`])
      expect(podOfKey(place, name, `results/${folder}/result.json`)).toBeNull()
    expect(podOfKey(place, name, 'results/another-x7k2p/result.json')).toBeNull()
  })
})
