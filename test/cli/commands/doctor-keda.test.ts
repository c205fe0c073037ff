import { expect, it } from 'vitest'
import { kedaFindings } from '../../../cli/commands/doctor-keda.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const policy = parsePolicy({ ...config, keda: { prometheus: 'http://p:9090' } })
const found = async (status: number, kinds: string[], of = policy, behaviors?: string[]): Promise<boolean[]> => {
  const schema = behaviors === undefined ? { status: 403, body: {} } : { status: 200, body: { enum: behaviors } }
  const send = async ({ path }: { path: string }) =>
    path.startsWith('/openapi') ? schema : { status, body: { resources: kinds.map((kind) => ({ kind })) } }
  return (await kedaFindings({ send } as never, of)).map(({ ok }) => ok)
}

it('asks for KEDA’s kind only where the policy has KEDA', async () => {
  expect(await found(200, ['ScaledJob', 'ScaledObject'])).toEqual([true])
  expect(await found(200, ['ScaledJob'])).toEqual([false])
  expect(await found(404, ['ScaledObject'])).toEqual([false])
  expect(await found(404, [], parsePolicy(config))).toEqual([])
})

it('says of what there is already why nothing scales it', async () => {
  const items = (path: string) => (path.endsWith('/scaledobjects') ? [{ metadata: { name: 'g1' }, spec: {} }] : [])
  const send = async ({ path }: { path: string }) =>
    path.startsWith('/openapi')
      ? { status: 403, body: {} }
      : { status: 200, body: { resources: [{ kind: 'ScaledObject' }], items: items(path) } }
  const detail = expect.stringContaining('KEDA has not taken up ScaledObject g1') as string
  expect(await kedaFindings({ send } as never, policy)).toEqual([{ check: 'KEDA', ok: false, detail }])
})

it('asks whether it is new enough to stay where nobody knows, and takes no answer for one', async () => {
  expect(await found(200, ['ScaledObject'], policy, ['static', 'currentReplicasIfHigher'])).toEqual([true])
  expect(await found(200, ['ScaledObject'], policy, [])).toEqual([false])
})
