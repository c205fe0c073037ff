import { describe, expect, it } from 'vitest'
import { type Group, toldAsHere } from '../../../../core/workloads/manifest/job-set-names.ts'

type Fields = Record<string, unknown>
const GROUP: Group = { set: 'llama', job: 'workers', group: 'g', subdomain: 'net', pods: 2, coordinator: 1 }
const told = (container: Fields, over: Partial<Group> = {}, pod: Fields = {}) => {
  const spec = { ...pod, containers: [{ name: 'x', ...container }] }
  const { spec: job, wrongs } = toldAsHere({ template: { spec } }, { ...GROUP, ...over }, 'train')
  const { template } = job as { template: { spec: { containers: Fields[] } } }
  return { container: template.spec.containers[0], pod: template.spec, wrongs }
}
const field = (name: string, key: string) => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${key}']` } },
})

describe('a name of a pod', () => {
  it.each([
    ['llama-workers-0-0.net', '$(JOB_NAME)-0.$(JOB_NAME)'],
    ['tcp://llama-workers-0-1.net:29500/x', 'tcp://$(JOB_NAME)-1.$(JOB_NAME):29500/x'],
    ['wait for llama-workers-0-1.net.', 'wait for $(JOB_NAME)-1.$(JOB_NAME).'],
  ])('%s is %s', (text, here) => {
    const { container, wrongs } = told({ command: [text], args: [text], env: [{ name: 'A', value: text }] })
    expect(container).toMatchObject({ command: [here], args: [here], env: [{ name: 'A', value: here }] })
    expect(wrongs).toEqual([])
  })

  it.each([
    'llama-workers-0-2.net',
    'llama-workers-1-0.net',
    'llama-workers-0-0.other',
    'llama-workers-0-0',
    'llama-workers-0-0.net.ml.svc',
    'llama-workers-0-0.net-2',
  ])('%s is none that is found here', (text) => {
    expect(told({ args: [text] }).wrongs).toEqual([
      { path: ['template', 'spec', 'containers', 0, 'args', 0], message: expect.stringContaining('called otherwise') },
    ])
  })

  it('of one pod is none either, and where the set has no name nothing is one', () => {
    const args = ['llama-workers-0-0.net']
    expect(told({ args }, { pods: 1 }).wrongs).toHaveLength(1)
    expect(told({ args }, { set: null })).toMatchObject({ container: { args }, wrongs: [] })
  })

  it('is looked for where a program is told something, in every container, and nowhere else', () => {
    const probe = { livenessProbe: { exec: { command: ['ping', 'llama-workers-0-0.net'] } } }
    expect(told(probe).wrongs).toHaveLength(1)
    const volumes = [{ name: 'v', secret: { secretName: 'llama-workers-0-0.net' } }]
    expect(told({ workingDir: '/llama-workers-0' }, {}, { volumes }).wrongs).toEqual([])
  })
})

describe('what JobSet’s controller says of a pod', () => {
  it('that is the same of one Job always is written, and the rest is not there', () => {
    const env = [
      field('A', 'jobset.sigs.k8s.io/job-index'),
      field('B', 'jobset.sigs.k8s.io/group-name'),
      field('C', 'jobset.sigs.k8s.io/coordinator'),
      field('D', 'batch.kubernetes.io/job-completion-index'),
      field('E', 'jobset.sigs.k8s.io/job-key'),
    ]
    const { container, wrongs } = told({ env })
    expect(container).toMatchObject({
      env: [
        { name: 'A', value: '0' },
        { name: 'B', value: 'g' },
        { name: 'C', value: '$(JOB_NAME)-1.$(JOB_NAME)' },
        env[3],
        env[4],
      ],
    })
    expect(wrongs).toEqual([
      {
        path: ['template', 'spec', 'containers', 0, 'env', 4, 'valueFrom', 'fieldRef', 'fieldPath'],
        message: expect.stringContaining('nothing'),
      },
    ])
  })

  it('is told init containers too, but for names that they could not know', () => {
    const initContainers = [{ name: 'i', env: [field('A', 'jobset.sigs.k8s.io/job-index')] }]
    expect(told({}, {}, { initContainers }).pod).toMatchObject({
      initContainers: [{ env: [{ name: 'A', value: '0' }] }],
    })
    const names = [{ name: 'i', env: [field('A', 'jobset.sigs.k8s.io/coordinator')] }]
    expect(told({}, {}, { initContainers: names }).wrongs).toHaveLength(1)
  })
})

it('what is no pod is left as it is', () => {
  for (const job of [{}, { template: 1 }, { template: { spec: [] } }])
    expect(toldAsHere(job, GROUP, 'train')).toEqual({ spec: job, wrongs: [] })
  expect(told({ env: 'x', args: 7 }).container).toMatchObject({ env: 'x', args: 7 })
})
