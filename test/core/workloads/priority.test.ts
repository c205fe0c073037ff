import { expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import { servingClass, servingClassName } from '../../../core/workloads/priority.ts'

it('what serves is of a class that takes nobody’s place, is nobody’s by default, and says whose it is', () => {
  const made = servingClass({ installation: 'ml' })
  expect(made).toMatchObject({
    apiVersion: 'scheduling.k8s.io/v1',
    metadata: { name: servingClassName({ installation: 'ml' }), labels: { [label('installation')]: 'ml' } },
    preemptionPolicy: 'Never',
    globalDefault: false,
  })
  expect(made.metadata.name).toBe('signalbox-ml-serving')
})

it('is before what names no class, and behind what a cluster cannot do without; Kubernetes would take no other number', () => {
  expect(servingClass({ installation: 'ml' }).value).toBe(100_000)
})
