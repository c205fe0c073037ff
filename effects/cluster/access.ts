import { isWithin, type KubernetesRight } from '../../core/bootstrap/rights.ts'
import { failureOf } from './answers.ts'
import type { Requests } from './requests.ts'

/** One thing that is asked: may I do this here. */
interface Attributes {
  group: string
  resource: string
  subresource?: string
  verb: string
  /** Left out: any of them. */
  name?: string
  /** Empty: in all of them. */
  namespace: string
}

/** The rights that who asks does not have, each as words: the API server itself is asked. What is of the policy's pools has their names by then. */
export const missingRights = async (
  requests: Requests,
  rights: readonly KubernetesRight[],
  namespaces: readonly string[],
): Promise<string[]> => {
  const asked = new Map(
    rights.flatMap((right) => attributesOf(right, namespaces)).map((attributes) => [said(attributes), attributes]),
  )
  const allowed = await Promise.all([...asked.values()].map((attributes) => isAllowed(requests, attributes)))
  return [...asked.keys()].filter((_, index) => !allowed[index])
}

const attributesOf = (right: KubernetesRight, namespaces: readonly string[]): Attributes[] => {
  const { group, resource, verbs, everywhere } = right
  const names: readonly (string | undefined)[] = right.names ?? [undefined]
  const [plural = '', subresource] = resource.split('/')
  const what = { group, resource: plural, ...(subresource === undefined ? {} : { subresource }) }
  const where = everywhere ? [''] : namespaces.filter((namespace) => isWithin(right, namespace))
  return verbs.flatMap((verb) =>
    names.flatMap((name) =>
      where.map((namespace) => ({ ...what, verb, namespace, ...(name === undefined ? {} : { name }) })),
    ),
  )
}

const said = ({ group, resource, subresource, verb, name, namespace }: Attributes): string =>
  [
    `${verb} ${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` ${name}`}`,
    namespace === '' ? 'everywhere' : `in ${namespace}`,
  ].join(' ')

const isAllowed = async (requests: Requests, resourceAttributes: Attributes): Promise<boolean> => {
  const answer = await requests.send({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  })
  if (answer.status !== 201) throw failureOf('asking for the rights', answer)
  return (answer.body as { status: { allowed: boolean } }).status.allowed
}
