/** Platforms of which one must be there, as registries write them: `linux/amd64`. */
export type OneOf = readonly string[]

const [AMD64, ARM64] = ['linux/amd64', 'linux/arm64']

/** Instance types with processors of Arm: a `g` after the generation (`g5g`), Grace beside its GPUs (`p6e-gb200`), and the first of all. */
const OF_ARM = /^(?:[a-z]+\d+[a-z]*g[a-z]*[.-]|[a-z0-9]+-gb\d|a1\.)/

/** What a node of that type runs. */
const platformOf = (instanceType: string): string => (OF_ARM.test(instanceType) ? ARM64 : AMD64)

/** What an image needs that runs on any node of these types. */
export const onTypes = (instanceTypes: readonly string[]): OneOf[] =>
  [...new Set(instanceTypes.map(platformOf))].sort().map((platform) => [platform])

/** What an image needs that runs on some node without GPUs, of which nobody says what it is: what most are, or what these types are. */
export const besideTypes = (instanceTypes: readonly string[]): OneOf[] => [
  [...new Set([AMD64, ...instanceTypes.map(platformOf)])].sort(),
]

const runsOn = (platforms: readonly string[], wanted: string): boolean =>
  platforms.some((one) => one === wanted || one.startsWith(`${wanted}/`))

/** What is needed and not among an image’s platforms, as a sentence has it; null: it runs. */
export const lacking = (platforms: readonly string[], needs: readonly OneOf[]): string | null => {
  const missing = new Set(
    needs.filter((some) => !some.some((one) => runsOn(platforms, one))).map((some) => some.join(' or ')),
  )
  if (missing.size === 0) return null
  const has = platforms.length === 0 ? 'it names no platform' : `it has ${platforms.join(', ')}`
  return `it does not run on ${[...missing].join(' and ')}: ${has}`
}
