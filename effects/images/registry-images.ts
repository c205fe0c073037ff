import type { Images } from '../../flows/images-port.ts'
import type { KnownLogin, Logins } from './docker-logins.ts'
import { manifestIn, platformIn } from './manifests.ts'
import { type HttpOptions, openRegistryHttp } from './registry-http.ts'
import { openRepository, type Repository } from './repository.ts'

/** Images of an index whose platform it does not say are looked at, up to so many. */
const MOST_LOOKED_AT = 20

/** Registries by their HTTP API (OCI distribution, Docker’s v2), with the logins of the user where one is asked for. */
export const openRegistryImages = (options: HttpOptions & { logins: Logins }): Images & { close(): Promise<void> } => {
  const http = openRegistryHttp(options)
  const known = new Map<string, Promise<KnownLogin>>()
  // Helpers may ask a person: once a registry.
  const loginOf: Logins = (registry) => {
    const asked = known.get(registry) ?? options.logins(registry)
    known.set(registry, asked)
    return asked
  }
  return {
    resolve: async (reference, before) => {
      const { tag } = reference
      const repository = openRepository(http, reference, loginOf)
      const from = repository.addressOf(tag)
      if (before !== null && (await repository.digestOf(tag)) === before.digest)
        return { digest: before.digest, platforms: before.platforms, from }
      const { bytes, digest } = await repository.bytes('manifests', tag)
      const platforms = await platformsOf(repository, bytes, true)
      return { digest, platforms: [...new Set(platforms)].sort(), from }
    },
    close: () => http.close(),
  }
}

/** What a manifest’s image runs on; an index says it of each of its own, or the images themselves do. */
const platformsOf = async (repository: Repository, bytes: Uint8Array, isOutermost: boolean): Promise<string[]> => {
  const manifest = manifestIn(bytes)
  switch (manifest.kind) {
    case 'outdated':
      throw repository.refused('it is of schema 1, whose digest says nothing of what is in it: push it anew')
    case 'unread':
      throw repository.refused('what it answers is no manifest')
    case 'artifact':
      return []
    case 'image': {
      const platform = platformIn((await repository.bytes('blobs', manifest.config)).bytes)
      return platform === null ? [] : [platform]
    }
    case 'index': {
      const all: string[] = manifest.images.flatMap(({ platform }) => platform ?? [])
      const unsaid = isOutermost ? manifest.images.filter(({ platform }) => platform === null) : []
      for (const { digest } of unsaid.slice(0, MOST_LOOKED_AT))
        all.push(...(await platformsOf(repository, (await repository.bytes('manifests', digest)).bytes, false)))
      return all
    }
  }
}
