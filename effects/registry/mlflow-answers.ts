import { NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import type { Tried } from '../http/retrying.ts'

/** MLflow's answer to a request that it refuses. Something in between answers otherwise. */
interface Problem {
  error_code?: string
  message?: string
}

const problemIn = ({ body }: Tried): Problem => (typeof body === 'object' && body !== null ? body : {})

const codeOf = (answer: Tried): string | undefined => problemIn(answer).error_code

export const isThereAlready = (answer: Tried): boolean => codeOf(answer) === 'RESOURCE_ALREADY_EXISTS'

/** Of a read by the model's name: there is no such model. */
export const isUnknownModel = (answer: Tried): boolean => answer.status === 404 && codeOf(answer) === NOT_THERE

/** MLflow says so with 400 `INVALID_PARAMETER_VALUE`, like of a wrong parameter: only the message tells them apart. */
export const isUnknownAlias = (answer: Tried, alias: string): boolean =>
  answer.status === 400 && problemIn(answer).message === `Registered model alias ${alias} not found.`

/** The body of a success. Throws what any other answer to a read means (law 6). */
export const expectRead = <T>(answer: Tried, path: string): T => expectOk(answer, path, [400, 422])

/** As `expectRead`, of a write: MLflow refuses also what names something that is not there. */
export const expectWritten = <T>(answer: Tried, path: string): T =>
  expectOk(answer, path, codeOf(answer) === NOT_THERE ? [400, 422, 404] : [400, 422])

const expectOk = <T>(answer: Tried, path: string, final: number[]): T => {
  // A page with 200, as of a log-in, must never look like an answer without versions.
  if (answer.status === 200 && typeof answer.body === 'object') return answer.body as T
  throw failureOf(answer, path, final)
}

const NOT_THERE = 'RESOURCE_DOES_NOT_EXIST'

/** What may be another answer tomorrow: gone in between, a conflict, or a proxy that does not find MLflow. */
const PASSING: ReadonlySet<number> = new Set([404, 408, 409, 425])

const failureOf = (answer: Tried, path: string, final: number[]): Error => {
  const { error_code: code, message = String(answer.body).slice(0, 200) } = problemIn(answer)
  const said = `MLflow ${path} answers ${answer.status}: ${message}`
  if (answer.status === 401) return new NotAllowed(`${said} (put its token into the secret mlflow-token)`)
  if (answer.status === 403) return new NotAllowed(said)
  // Without its code it was not MLflow who refused.
  if (code === undefined) return new Unavailable(`${said} (is it MLflow that answers there?)`)
  if (final.includes(answer.status)) return new Refused(`MLflow refuses ${path}: ${code}: ${message}`)
  return PASSING.has(answer.status) ? new Unavailable(said) : new Error(said)
}
