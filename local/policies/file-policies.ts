import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { WantedImage } from '../../core/images/places.ts'
import { manifestsIn, withManifests } from '../../core/policy/manifests.ts'
import { type Policy, PolicyError, parsePolicy } from '../../core/policy.ts'
import type { Policies } from '../../flows/ports.ts'
import { configJson } from './config-json.ts'
import { type Fresh, freshImport, isEdited, type Seen, see, seenAlone } from './fresh-import.ts'
import { pinnedBeside, unpinnedBeside } from './lock-file.ts'
import { manifestOf, readManifest } from './manifest-file.ts'
import { whyUnread } from './why-unread.ts'

/** The file is looked at no more often than this, in real milliseconds. */
const LOOK_EVERY = 250

export interface FilePolicies extends Policies {
  /** Why the file as it is now is not in force; null when it is. */
  problem(): Promise<string | null>
}

/** A program that says its policy takes no longer than this: what it waits for may never come. Real milliseconds. */
const LONGEST = 10_000

/**
 * A config file's default export, or the JSON in it, read anew each time with all that it imports, and with the digests of its tags that
 * the lock file beside it has. Throws `PolicyError`.
 */
export const readConfig = (file: string): Promise<unknown> => pinnedIn(file, readWhole(file), false)

/** The same for the simulated cluster, and for who asks nothing of images: tags that nobody has pinned are taken as they are. */
export const readSimulated = (file: string): Promise<unknown> => pinnedIn(file, readWhole(file), true)

/** Images that the simulated cluster alone takes, since nobody has looked up what their tags are. */
export const readUnpinned = async (file: string): Promise<WantedImage[]> =>
  unpinnedBeside(file, await readWritten(file))

/** As it is written, tags and all, with what its manifests say: for who looks up digests. */
export const readWritten = (file: string): Promise<unknown> => readWhole(file).written

/** What a file says, or a `PolicyError`; and which files that came of, either way. */
interface Whole {
  /** With its tags. */
  written: Promise<unknown>
  seen: Seen
}

/** With digests in the place of tags: the lock file that they are from is one of the files that it came of. */
const pinnedIn = async (file: string, { written, seen }: Whole, simulated: boolean): Promise<unknown> =>
  pinnedBeside(file, await written, { onLock: (lock) => see(seen, resolve(lock)), simulated })

const readWhole = (file: string, longest = LONGEST): Whole => {
  const path = resolve(file)
  const { exported: value, seen } =
    /\.[cm]?[jt]s$/.test(path) && existsSync(path)
      ? freshProgram(path)
      : seenAlone(path, async () => jsonIn(file, path))
  const written = inTime(value, { file, longest })
    .catch((error: unknown) => {
      throw error instanceof PolicyError ? error : new PolicyError([whyUnread(file, error)])
    })
    .then((config) => broughtIn(file, config, seen))
  return { written, seen }
}

/** With what the manifests beside it say, each of which is one of the files that it came of. */
const broughtIn = async (file: string, config: unknown, seen: Seen): Promise<unknown> => {
  const files = manifestsIn(config)
  if (files.length === 0) return config
  const read = files.map(async (one) => {
    const path = resolve(manifestOf(file, one))
    see(seen, path)
    return [one, await readManifest(path, dirname(file))] as const
  })
  const { config: next, problems } = withManifests(config, new Map(await Promise.all(read)))
  if (problems.length > 0) throw new PolicyError(problems)
  return next
}

/** What has not come by then is not waited for. */
const inTime = async <T>(value: Promise<T>, { file, longest }: { file: string; longest: number }): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const why = `${file}: it has not said its policy within ${longest / 1000} s: it, or what it imports, waits for something; write plain data`
    timer = setTimeout(() => reject(new PolicyError([why])), longest)
  })
  return Promise.race([value, late]).finally(() => clearTimeout(timer))
}

const freshProgram = (path: string): Fresh => {
  const { exported: value, seen } = freshImport(path)
  return { exported: value.then(exported), seen }
}

const jsonIn = (file: string, path: string): unknown => {
  if (!existsSync(path))
    throw new PolicyError([
      `${file}: there is no such file; start from the example \`signalbox.config.ts\` of the repository`,
    ])
  if (!path.endsWith('.json')) throw new PolicyError([`${file}: ${otherFile(path)}`])
  return configJson(readFileSync(path))
}

/** Data; what makes it, the file itself may call. */
const exported = (value: unknown): unknown => {
  const what = value === undefined ? 'no policy' : typeof value === 'function' ? 'a function, which nobody calls' : null
  if (what !== null) throw new Error(`it exports ${what}: write \`export default defineConfig({ … })\``)
  return value
}

const otherFile = (path: string): string =>
  /\.ya?ml$/.test(path)
    ? 'a policy is no YAML: write it as a .ts file, or as JSON, `yq -o=json policy.yaml > policy.json`'
    : 'a policy is a .ts, .js or .json file: name it so'

/**
 * The policy in a file. An edit of it, or of a file that it imports, takes force at the next load; an edit that does not hold together
 * leaves the last one in force. `simulated`: of a cluster that runs no image.
 */
export const openPolicies = async ({
  file,
  realNow = Date.now,
  longest = LONGEST,
  simulated = false,
}: {
  file: string
  realNow?: () => number
  longest?: number
  simulated?: boolean
}): Promise<FilePolicies> => {
  const first = readWhole(file, longest)
  let policy = parsePolicy(await pinnedIn(file, first, simulated))
  let { seen } = first
  let looked = realNow()
  let problem: string | null = null
  const refresh = async (): Promise<void> => {
    looked = realNow()
    if (!existsSync(file) || !isEdited(seen)) return
    const next = readWhole(file, longest)
    seen = next.seen
    const [read, why] = await pinnedIn(file, next, simulated)
      .then(parsePolicy)
      .then(
        (found) => [found, null] as const,
        (error: unknown) => [policy, error instanceof Error ? error.message : String(error)] as const,
      )
    // Another load may have begun meanwhile, of what the file says since.
    if (seen !== next.seen) return
    policy = read
    problem = why
  }
  return {
    load: async () => {
      if (realNow() - looked >= LOOK_EVERY) await refresh()
      return policy
    },
    problem: async () => problem,
  }
}

/** A policy that changes only by `set`. */
export const fixedPolicies = (policy: Policy): Policies & { set(next: Policy): void } => {
  let current = policy
  return {
    load: async () => current,
    set: (next) => {
      current = next
    },
  }
}
