import { afterAll, beforeAll, describe, it } from 'vitest'
import { label } from '../../../core/names.ts'
import { GATE_ACCOUNT } from '../../../core/workloads/accounts.ts'
import { servingClassName } from '../../../core/workloads/priority.ts'
import { wrapped } from '../../../core/workloads/runner.ts'
import {
  ASK,
  by,
  close,
  expectRefused,
  expectTaken,
  IMAGE,
  make,
  OURS,
  open,
  policy,
  type Said,
  service,
  serving,
  training,
  untilRefused,
} from './cast.ts'

/** What our servers are of. */
const CLASS = servingClassName(policy)

beforeAll(async () => {
  await open()
  await untilRefused(
    () => make('door', 'jobs', { spec: { serviceAccountName: undefined } }, ASK),
    () => make('door', 'jobs', { labels: {} }, ASK),
  )
})
afterAll(close)

describe('a door that was taken over', () => {
  it('makes what our builders make', async () => {
    await expectTaken(make('door', 'jobs'))
    await expectTaken(make('door', 'deployments'))
    await expectTaken(make('door', 'deployments', { spec: { priorityClassName: CLASS } }))
    await expectTaken(make('door', 'jobs', { namespace: serving, spec: { serviceAccountName: GATE_ACCOUNT } }))
    await expectTaken(make('door', 'jobs', { container: { securityContext: { capabilities: { add: ['CHOWN'] } } } }))
    await expectTaken(service({}))
  })

  it('makes what signalbox-run goes before: of who brings that, the same is asked as of any container', async () => {
    const bare = { containers: [{ name: 'c', image: IMAGE, command: ['python'] }] }
    const told = { stage: 'c', inputs: [] }
    const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
    for (const source of [{ image: IMAGE }, { image: IMAGE, uri: 's3://results/signalbox-run', sha256 }])
      await expectTaken(make('door', 'jobs', { spec: wrapped(bare, { container: 'c', source, told }) }))
    const tagged = wrapped(bare, { container: 'c', source: { image: 'x:latest' }, told })
    await expectRefused(make('door', 'jobs', { spec: tagged }), 'named by digest')
  })

  const HOST = 'its node’s network'
  it.each<[string, 'jobs' | 'deployments', Said, string]>([
    ['without our label', 'jobs', { labels: {} }, 'only what carries its signalbox.dev/installation'],
    [
      'a Deployment without our label',
      'deployments',
      { labels: {} },
      'only what carries its signalbox.dev/installation',
    ],
    ['with another’s label', 'jobs', { labels: { [label('installation')]: 'other' } }, 'only what carries its'],
    ['an image by tag', 'jobs', { container: { image: 'x:latest' } }, 'named by digest'],
    [
      'an image of a volume by tag',
      'jobs',
      { spec: { volumes: [{ name: 'v', image: { reference: 'x:1' } }] } },
      'named by digest',
    ],
    ['privileged', 'jobs', { container: { securityContext: { privileged: true } } }, HOST],
    [
      'a privileged init container',
      'jobs',
      { spec: { initContainers: [{ name: 'i', image: IMAGE, securityContext: { privileged: true } }] } },
      HOST,
    ],
    ['hostNetwork', 'jobs', { spec: { hostNetwork: true } }, HOST],
    ['hostPID', 'deployments', { spec: { hostPID: true } }, HOST],
    ['hostIPC', 'jobs', { spec: { hostIPC: true } }, HOST],
    ['hostPath', 'jobs', { spec: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } }, HOST],
    ['SYS_ADMIN', 'jobs', { container: { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } } }, HOST],
    ['no account', 'jobs', { spec: { serviceAccountName: undefined } }, 'the account that is for it'],
    ['a training as the check', 'jobs', { spec: { serviceAccountName: GATE_ACCOUNT } }, 'the account that is for it'],
    [
      'a server that may write',
      'deployments',
      { spec: { serviceAccountName: GATE_ACCOUNT } },
      'the account that is for it',
    ],
    ['an account of others', 'jobs', { spec: { serviceAccountName: 'deployer' } }, 'the account that is for it'],
    ['a token for the cluster', 'jobs', { spec: { automountServiceAccountToken: true } }, 'no token for the cluster'],
    [
      'a server that takes others’ places',
      'deployments',
      { spec: { priorityClassName: 'system-node-critical' } },
      'the class that is for them',
    ],
    ['a Job before others', 'jobs', { spec: { priorityClassName: CLASS } }, 'the class that is for them'],
  ])('is refused: %s', async (_what, plural, given, why) => {
    await expectRefused(make('door', plural, given), why)
  })

  it('opens no Service to the outside', async () => {
    for (const spec of [{ type: 'LoadBalancer' }, { type: 'NodePort' }, { externalIPs: ['10.0.0.1'] }])
      await expectRefused(service(spec), 'ClusterIP alone')
    await expectRefused(service({ type: 'ExternalName', externalName: 'example.com', ports: undefined }), 'ClusterIP')
    await expectRefused(service({}, {}), 'only what carries its')
  })

  it('neither changes nor deletes what is not ours, nor gives it our label', async () => {
    await expectTaken(make('admin', 'jobs', { labels: {}, called: 'theirs', spec: { serviceAccountName: undefined } }))
    const path = `/apis/batch/v1/namespaces/${training}/jobs/theirs`
    await expectRefused(by('door').send({ method: 'DELETE', path }), 'only what carries its')
    const type = 'application/merge-patch+json'
    const claim = { method: 'PATCH', path, type, body: { metadata: { labels: OURS } } } as const
    await expectRefused(by('door').send(claim), 'only what carries its')
    await expectTaken(make('door', 'jobs', { called: 'ours' }))
    await expectTaken(by('door').send({ method: 'DELETE', path: path.replace('theirs', 'ours') }))
  })

  it('still ends and scales what an earlier release made otherwise', async () => {
    await expectTaken(make('admin', 'jobs', { called: 'old', spec: { automountServiceAccountToken: undefined } }))
    const path = `/apis/batch/v1/namespaces/${training}/jobs/old`
    const body = { spec: { ttlSecondsAfterFinished: 60 } }
    await expectTaken(by('door').send({ method: 'PATCH', path, type: 'application/merge-patch+json', body }))
  })
})
