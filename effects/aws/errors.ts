import { NotAllowed, Unavailable } from '../../flows/ports.ts'

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

/** Names of credentials that are missing, wrong or over their time, and of rights that they do not give; some come with 400. */
const NOT_NOW =
  /AccessDenied|NotAuthorized|UnauthorizedOperation|Forbidden|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|Credentials|TokenProvider/

/**
 * Runs a call of an AWS SDK. What is not our own mistake is `NotAllowed` or `Unavailable`, with the service's words and what
 * was asked; `needs` are the rights for it, said where the service may keep them to itself.
 */
export const asking = async <T>(what: string, call: () => Promise<T>, needs?: string): Promise<T> => {
  try {
    return await call()
  } catch (error) {
    const { name = 'Error', message = '' } = error as SdkError
    if (error instanceof Unavailable || OURS.has(name)) throw error
    const said = `${what}: ${name}: ${message}`
    if (!isNotAllowed(error as SdkError)) throw new Unavailable(said, { cause: error })
    throw new NotAllowed(needs === undefined ? said : `${said} (it needs ${needs})`, { cause: error })
  }
}

const isNotAllowed = ({ name = '', $metadata }: SdkError): boolean =>
  NOT_NOW.test(name) || $metadata?.httpStatusCode === 401 || $metadata?.httpStatusCode === 403

/** Whether the far side said so with this error name. */
export const isNamed = (error: unknown, ...names: string[]): boolean => names.includes((error as SdkError)?.name ?? '')

/** A service that says 404 without a modelled error, as S3's HEAD does. */
export const isNotFound = (error: unknown): boolean =>
  isNamed(error, 'NotFound', 'NoSuchKey', 'NoSuchVersion') || (error as SdkError)?.$metadata?.httpStatusCode === 404
