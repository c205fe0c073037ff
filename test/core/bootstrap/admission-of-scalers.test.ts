import { expect, it } from 'vitest'
import { admissionPolicies } from '../../../core/bootstrap/admission.ts'
import { rightsIn } from '../../../core/bootstrap/rights.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { door } from '../../../functions/reconcile.ts'
import config from '../../example.ts'

const without = parsePolicy(config)
const policy = parsePolicy({ ...config, keda: { prometheus: 'http://p:9090', account: 'scalers/op' } })

interface Ruled {
  kind: string
  metadata: { name: string }
  spec: { matchConstraints: { resourceRules: { resources: string[] }[] }; validations: { expression: string }[] }
}
const policies = (of: typeof policy) =>
  (admissionPolicies(of) as unknown as Ruled[]).filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
const expressionOf = (of: typeof policy, name: string): string =>
  policies(of).find(({ metadata }) => metadata.name.endsWith(`-${name}`))?.spec.validations[0]?.expression ?? ''

it('without KEDA nothing is said of it, neither by admission nor by rights', () => {
  expect(JSON.stringify([admissionPolicies(without), rightsIn(without, door.kubernetes)])).not.toMatch(
    /keda|scaledobjects|horizontal-pod/,
  )
})

it('with it Kubernetes’ autoscaler and KEDA’s operator set replicas, that alone makes an autoscaler, and nobody but who speaks for Signalbox a ScaledObject', () => {
  const [autoscaler, keda] = [
    'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
    'system:serviceaccount:scalers:op',
  ]
  expect(expressionOf(policy, 'scale')).toBe(
    `${expressionOf(without, 'scale')} || request.userInfo.username in ['${autoscaler}', '${keda}']`,
  )
  expect(expressionOf(policy, 'autoscalers')).toBe(
    `${expressionOf(without, 'autoscalers')} || request.userInfo.username in ['${keda}']`,
  )
  expect(expressionOf(policy, 'scaled-objects')).toBe(expressionOf(without, 'autoscalers'))
  expect(expressionOf(policy, 'replicas')).toBe(expressionOf(without, 'replicas'))
})

it('fences, labels, marks and doors reach ScaledObjects as all that is ours', () => {
  const ruled = policies(policy)
    .filter(({ spec }) => JSON.stringify(spec.matchConstraints.resourceRules).includes('scaledobjects'))
    .map(({ metadata }) => metadata.name.replace('signalbox-signalbox-', ''))
  expect(ruled.sort()).toEqual(['doors', 'fence', 'label', 'marks', 'scaled-objects'])
})

it('the door that rolls out may make and delete them where models are served, and nowhere else', () => {
  expect(rightsIn(policy, door.kubernetes).filter(({ group }) => group === 'keda.sh')).toEqual([
    { group: 'keda.sh', resource: 'scaledobjects', verbs: ['list'], namespaces: ['serving'] },
    {
      group: 'keda.sh',
      resource: 'scaledobjects',
      verbs: ['get', 'create', 'patch', 'delete'],
      namespaces: ['serving'],
    },
  ])
})
