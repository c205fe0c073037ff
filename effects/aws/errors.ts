import { Unavailable } from '../../flows/ports.ts'

/** What every error of an AWS SDK client has, as far as we look. */
interface SdkError {
  name?: string
  message?: string
  $metadata?: { httpStatusCode?: number }
}

/** Asked wrongly, by us: another try would be the same, and hiding it as an outage would hide a bug. */
const OURS: ReadonlySet<string> = new Set([
  'ValidationException',
  'SerializationException',
  'InvalidParameterException',
])

/** Runs a call of an AWS SDK; what is not our own mistake is `Unavailable`, with the service's words and what was asked. */
export const asking = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call()
  } catch (error) {
    const { name = 'Error', message = '' } = error as SdkError
    if (error instanceof Unavailable || OURS.has(name)) throw error
    throw new Unavailable(`${what}: ${name}: ${message}`, { cause: error })
  }
}

/** Whether the far side said so with this error name. */
export const isNamed = (error: unknown, ...names: string[]): boolean => names.includes((error as SdkError)?.name ?? '')

/** A service that says 404 without a modelled error, as S3's HEAD does. */
export const isNotFound = (error: unknown): boolean =>
  isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchVersion') || (error as SdkError)?.$metadata?.httpStatusCode === 404
