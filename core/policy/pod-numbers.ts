/** What Kubernetes takes in fields that are numbers: from one to another, both of them. */
type Range = readonly [least: number, most: number]

/** Most that 32 bits hold, which most numbers of a pod are: of another the API server cannot read the whole object. */
const MOST = 2 ** 31 - 1
const ANY: Range = [0, MOST]
const SOME: Range = [1, MOST]
const PORT: Range = [1, 65_535]
const WEIGHT: Range = [1, 100]
const LONG: Range = [0, Number.MAX_SAFE_INTEGER]

/** By type and field; of others what is not below zero is taken. */
const RANGES: Readonly<Record<string, Range>> = {
  'ContainerPort.containerPort': PORT,
  'HTTPGetAction.port': PORT,
  'TCPSocketAction.port': PORT,
  'GRPCAction.port': PORT,
  'Probe.terminationGracePeriodSeconds': [1, Number.MAX_SAFE_INTEGER],
  'SleepAction.seconds': LONG,
  'TopologySpreadConstraint.maxSkew': SOME,
  'TopologySpreadConstraint.minDomains': SOME,
  'PreferredSchedulingTerm.weight': WEIGHT,
  'WeightedPodAffinityTerm.weight': WEIGHT,
  'ServiceAccountTokenProjection.expirationSeconds': [600, 2 ** 32],
  // Below zero is at once.
  'Toleration.tolerationSeconds': [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  // What a stage and a service may have, they say themselves.
  'PodSpec.terminationGracePeriodSeconds': [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}

/** Rights on files, which people write as `chmod` has them; of a few nobody means what they are in tens. */
const MODE = /\.(defaultMode|mode)$/
const ALL_RIGHTS = 0o777
const IN_EIGHTS: ReadonlySet<number> = new Set([400, 440, 444, 500])

/** Why the API server takes no such number in a field of a type, with what to write; null: it does. */
export const numberWrong = (field: string, value: number): string | null => {
  if (MODE.test(field)) return modeWrong(value)
  const [least, most] = RANGES[field] ?? ANY
  if (value >= least && value <= most) return null
  const say = value < least && most >= MOST ? `of at least ${least}` : `from ${least} to ${most}`
  return `write a whole number ${say}; found ${value}`
}

/** `644`, where `0o644` is meant, or 420 in JSON. */
const modeWrong = (value: number): string | null => {
  if (value >= 0 && value <= ALL_RIGHTS && !IN_EIGHTS.has(value)) return null
  const meant = /^[0-7]{3,4}$/.test(String(value)) ? Number.parseInt(String(value), 8) : Number.NaN
  return meant <= ALL_RIGHTS
    ? `it is counted in tens here: write 0o${value}, or ${meant} in JSON; found ${value}`
    : `write rights as 0o644, or 420 in JSON, and at most 0o777; found ${value}`
}
