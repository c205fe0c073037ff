import { said } from '../../core/text.ts'
import { NotAllowed, Refused } from '../../flows/ports.ts'
import type { Answer } from './registry-http.ts'

/** Of a sentence that a registry says. Characters. */
const LONGEST = 200

/** What was asked for, and as whom. */
export interface AskedFor {
  registry: string
  repository: string
  /** A tag or a digest. */
  reference: string
  hasLogin: boolean
  /** Why the user’s login could not be read; null: it could, or there is none. */
  problem: string | null
}

const ECR = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/

/** What logs a person in to a registry. */
export const howToLogIn = (registry: string): string => {
  const [, region] = ECR.exec(registry) ?? []
  if (region !== undefined)
    return `run \`aws ecr get-login-password --region ${region} | docker login --username AWS --password-stdin ${registry}\`, which holds for 12 hours`
  if (registry === 'docker.io') return 'run `docker login`'
  return registry === 'ghcr.io'
    ? 'run `docker login ghcr.io` with a token that has `read:packages`'
    : `run \`docker login ${registry}\``
}

/** What an answer other than 200 means, with what to do, as a port’s own error. */
export const refusal = (answer: Answer, asked: AskedFor): Error => {
  const { registry, repository, reference, hasLogin, problem } = asked
  const { status, body } = answer
  const at = `${registry}/${repository}`
  const words = wordsOf(body)
  const login = problem === null ? '' : ` (${problem})`
  const { code } = (body ?? {}) as { code?: unknown }
  if (status === 401 && !hasLogin)
    return new NotAllowed(
      `${at}: there is no such repository, or it is private${words}: check its name, or ${howToLogIn(registry)}${login}`,
    )
  if (status === 401)
    return new NotAllowed(`${at}: your login is not taken, or not for this repository${words}: ${howToLogIn(registry)}`)
  if (status === 403)
    return new NotAllowed(
      `${at}: ${hasLogin ? 'your login may not read it' : 'nobody may read it without a login'}${words}: ask its owner for the right to pull, or ${howToLogIn(registry)}${login}`,
    )
  if (status === 404)
    return new Refused(
      code === 'NAME_UNKNOWN'
        ? `${at}: there is no such repository${words}: check its name`
        : `${at}: there is no ${reference}${words}: check its name and tag`,
    )
  return new Refused(`${at}: it answers ${status}${words}: check that ${registry} is a registry, and the image’s name`)
}

/** A registry’s own sentence; what answers in its place (a page) says nothing. */
const wordsOf = (body: unknown): string => {
  const { message } = (body ?? {}) as { message?: unknown }
  return typeof message === 'string' && message !== '' ? ` (“${said(message, LONGEST)}”)` : ''
}
