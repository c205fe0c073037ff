import { createdAt, type KubeObject } from '../../../core/kube.ts'
import type { Mark } from '../../../core/lane/document.ts'
import type { Made } from '../../../core/lane/made.ts'
import { rankOf } from '../../../core/pods/gang.ts'
import { RESULT_LIMIT } from '../../../core/result.ts'
import { CLOCKS } from '../../../core/steps/launch-job.ts'
import { folderOfKey, isFile, type Place, podOfKey, resultOfPod } from '../../../core/steps/result-place.ts'
import { type Beside, besideOf } from '../../pins.ts'
import { type ObjectHead, TooLarge, type WorkPorts } from '../../ports.ts'

/** A result as it was read: from a file, or as the termination message of the container that would have written one. */
export interface ReadResult {
  bytes: Uint8Array
  /** Of the file. */
  etag: string | null
  /** Where it lies, or would. */
  at: Place
  by: 'file' | 'message'
  /** When the file was written; null: it is none, or too large for anybody to know. */
  writtenAt: number | null
  /** What lies beside it; null: nobody has looked, or it is more than a page. */
  beside: Beside | null
}

type Objects = Pick<WorkPorts, 'objects'>
type Found = ReadResult & Pick<ObjectHead, 'versionId'>

/**
 * The result of a Job, from where its own pods alone may write (law 16): of its succeeded pods, which its uid tells, the newest;
 * and where none of these is there any more, from the folders that only pods of its name can have written.
 */
export const readResult = async (
  { objects }: Objects,
  made: Made,
  { pods, reads = (at) => readFolder({ objects }, at) }: { pods: readonly KubeObject<'Pod'>[]; reads?: ReadFolder },
): Promise<ReadResult | null> => {
  if (isFile(made.result)) return readFile({ objects }, made.result)
  const own = succeeded(pods)
  for (const pod of own) {
    const at = resultOfPod(made.result, made.ref.name, pod.metadata.name)
    const { file, found } = await reads(at)
    const result = file ?? messageOf(pod, at)
    if (result === null) continue
    const [versions, folder] = [file === null || file.versionId !== null, folderOf(at)]
    return { ...result, beside: found === null ? null : { bucket: at.bucket, folder, found, versions } }
  }
  if (own.some((pod) => rankOf(pod) === 0)) return null
  return made.message === undefined ? readOfGone({ objects }, made) : readOfKnown({ objects }, made, made.message)
}

/** Which pod has ended well is known, though it is gone: nobody else's folder is taken in its place. */
const readOfKnown = async (
  ports: Objects,
  { ref, result }: Made,
  { pod, text }: NonNullable<Made['message']>,
): Promise<ReadResult | null> => {
  const at = resultOfPod(result, ref.name, pod)
  return (await readFile(ports, at)) ?? asRead(text, at)
}

/** The same Job with what its pod says itself, as long as it is there to say so. */
export const withMessage = (made: Made, pods: readonly KubeObject<'Pod'>[]): Made => {
  const pod = succeeded(pods)[0]
  const text = pod === undefined || isFile(made.result) ? null : textOf(pod)
  return pod === undefined || text === null ? made : { ...made, message: { pod: pod.metadata.name, text } }
}

/** Of several nodes' the first, which alone uploads; then the newest. */
const succeeded = (pods: readonly KubeObject<'Pod'>[]): KubeObject<'Pod'>[] =>
  pods
    .filter(({ status }) => status?.phase === 'Succeeded')
    .sort((a, b) => rankOf(a) - rankOf(b) || createdAt(b) - createdAt(a))

/** A pod's result, and what lies beside it. */
export type ReadFolder = (at: Place) => Promise<{ file: Found | null; found: Beside['found'] | null }>

const folderOf = ({ key }: Place): string => key.slice(0, key.lastIndexOf('/') + 1)

/** Side by side: what is written last is there when nothing is added any more. */
const readFolder = async ({ objects }: Objects, at: Place): ReturnType<ReadFolder> => {
  const [file, found] = await Promise.all([readFile({ objects }, at), besideOf(objects, at.bucket, folderOf(at))])
  return { file, found }
}

/**
 * Begins to read what a pod has written that was seen at work, while it is asked whether that has ended. What was not there yet, or
 * could not be read then, is read again by whoever needs it.
 */
export const readAhead = ({ objects }: Objects, { made, pod }: Pick<Mark, 'made' | 'pod'>): ReadFolder => {
  const fresh: ReadFolder = (at) => readFolder({ objects }, at)
  if (made === null || pod === undefined || isFile(made.result)) return fresh
  const ahead = resultOfPod(made.result, made.ref.name, pod)
  const asked = fresh(ahead).catch(() => null)
  return async (at) => {
    const read = at.key === ahead.key ? await asked : null
    // A list that has the result has all that was written before it; what is more than a page is asked for by name afterwards.
    const whole = read?.found === null || read?.found.some(({ key }) => key === at.key)
    return read !== null && read.file !== null && whole === true ? read : fresh(at)
  }
}

/** Pods go with their nodes: what they have written stays. What is older than the Job was written for another of its name, before a restore. */
const readOfGone = async (ports: Objects, { ref, result, at = 0 }: Made): Promise<ReadResult | null> => {
  const pods = await podsThatWrote(ports, ref.name, result)
  const found = await Promise.all(pods.map((pod) => readFile(ports, resultOfPod(result, ref.name, pod))))
  // What is too large has no time here, and is no result anyway.
  const own = found.filter((one) => one !== null).filter((one) => one.writtenAt === null || one.writtenAt > at - CLOCKS)
  return own.sort((a, b) => (b.writtenAt ?? 0) - (a.writtenAt ?? 0))[0] ?? null
}

/** Folders that are looked through: a Job has few pods, one after the other. */
const FOLDERS = 50

/** Listed folder by folder: nobody reads through what a training has made. */
const podsThatWrote = async ({ objects }: Objects, job: string, start: Place): Promise<string[]> => {
  const pods = new Set<string>()
  let after: string | null = null
  for (let looked = 0; looked < FOLDERS; looked++) {
    const page: { key: string }[] = await objects.list(start.bucket, start.key, after)
    const last = page.at(-1)
    if (last === undefined) break
    for (const { key } of page) {
      const pod = podOfKey(start, job, key)
      if (pod !== null) pods.add(pod)
    }
    // The first text after everything below a folder: `0` comes next to `/`.
    after = `${folderOfKey(start.key, last.key)}0`
  }
  return [...pods]
}

const readFile = async ({ objects }: Objects, at: Place): Promise<Found | null> => {
  try {
    const read = await objects.read(at.bucket, at.key, RESULT_LIMIT)
    if (read === null) return null
    const { etag, lastModified, versionId } = read.head
    return { bytes: read.bytes, etag, at, by: 'file', writtenAt: lastModified, beside: null, versionId }
  } catch (error) {
    // One byte too many is enough for the parser to say why.
    if (error instanceof TooLarge)
      return {
        bytes: new Uint8Array(RESULT_LIMIT + 1),
        etag: null,
        at,
        by: 'file',
        writtenAt: null,
        beside: null,
        versionId: null,
      }
    throw error
  }
}

/** What a container leaves in `/dev/termination-log`, where it looks like a result; the kubelet keeps 4096 bytes of it. */
const textOf = ({ spec, status }: KubeObject<'Pod'>): string | null => {
  const name = spec?.containers[0]?.name
  const message = status?.containerStatuses?.find((one) => one.name === name)?.state?.terminated?.message
  return message?.trimStart().startsWith('{') === true ? message : null
}

const messageOf = (pod: KubeObject<'Pod'>, at: Place): ReadResult | null => asRead(textOf(pod), at)

const asRead = (text: string | null, at: Place): ReadResult | null =>
  text === null
    ? null
    : { bytes: new TextEncoder().encode(text), etag: null, at, by: 'message', writtenAt: null, beside: null }
