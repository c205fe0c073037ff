/** An image whose Dockerfile is ours, and how it is built. Paths are from the folder of the product. */
interface OwnImage {
  /** Its name in the registry. */
  repository: string
  dockerfile: string
  /** What its COPY takes files from. */
  context: string
  /** Processors it is made for: what it is made from has no more. */
  platforms: readonly ('linux/amd64' | 'linux/arm64')[]
}

const onGpus = (name: string): OwnImage => ({
  repository: name,
  dockerfile: `images/${name}/Dockerfile`,
  context: 'images',
  platforms: ['linux/amd64'],
})

/** All of them, by what their folders are called. */
export const OWN_IMAGES = {
  runner: {
    repository: 'signalbox-run',
    dockerfile: 'images/runner/Dockerfile',
    context: 'runner/dist',
    platforms: ['linux/amd64', 'linux/arm64'],
  },
  'trainer-lora': onGpus('trainer-lora'),
  tools: onGpus('tools'),
  scan: onGpus('scan'),
  drift: onGpus('drift'),
} as const satisfies Record<string, OwnImage>

export type OwnName = keyof typeof OWN_IMAGES

/** One image to build. */
export interface Build {
  name: OwnName
  /** What it is called in the registry, with its tag. */
  image: string
  /** Arguments of `docker`, from the folder of the product. */
  args: string[]
}

/**
 * What builds these images as `<registry>/<name>:<tag>`, in the order in which they are named. `push`: they go to the registry, else they stay
 * with the builder. No attestations: with them one build is an index of another digest each time.
 */
export const buildsOf = (
  names: readonly OwnName[],
  { registry, tag, push }: { registry: string; tag: string; push: boolean },
): Build[] =>
  names.map((name) => {
    const { repository, dockerfile, context, platforms }: OwnImage = OWN_IMAGES[name]
    const image = `${registry.replace(/\/+$/, '')}/${repository}:${tag}`
    const kept = push ? ['--push'] : []
    const flags = [...kept, '--provenance=false', `--platform=${platforms.join(',')}`, `--file=${dockerfile}`]
    return { name, image, args: ['buildx', 'build', ...flags, `--tag=${image}`, context] }
  })
