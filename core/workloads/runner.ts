import type { V1Container, V1EnvVar, V1PodSpec } from '@kubernetes/client-node'
import { digestOf } from '../digest.ts'

/**
 * Where `signalbox-run` comes from: an image of ours that has it; or a bucket, from which an image with the AWS CLI fetches it, so that
 * nobody needs a registry to begin. Images by digest, as all are; what is fetched by its own.
 */
export type RunnerSource =
  | { image: string }
  | { image: string; uri: string; sha256: Readonly<Record<'amd64' | 'arm64', string>> }

/** What a wrapped container is told beside what every stage is. */
export interface RunnerTold {
  /** The stage's name: by it its checkpoints are found again. */
  stage: string
  /** Names of what is fetched: `dataset`, `model`, or stages; none: it streams what it reads. */
  inputs: readonly string[]
}

/** Where the program and its folders lie; the stage's scratch lies within, as a mount of its own. */
export const RUNNER_FOLDER = '/signalbox'
export const PROGRAM = `${RUNNER_FOLDER}/bin/signalbox-run`
/** The container that brings it, and the volume that it lies in. */
export const RUNNER = 'signalbox-run'
const MOUNT = { name: RUNNER, mountPath: RUNNER_FOLDER }

/** What the program is called for a processor, as it is built, and lies in a bucket. */
export const programFor = (processor: string): string => `signalbox-run-linux-${processor}`

/** What it ends with by itself, in order (docs/runner.md). A Job fails with each of them at once, and says which: every other try is an attempt. */
export const RUNNER_CODES: readonly number[] = [42, 70, 73, 74, 75, 76, 77, 126, 127]

/** Whether it stands before the program of a container, or brings what does. */
export const isOfRunner = ({ name, command }: Pick<V1Container, 'name' | 'command'>): boolean =>
  name === RUNNER || command?.[0] === PROGRAM

/** Why a container cannot be wrapped, in a sentence that says what to do; null: it can. Nobody here reads images. */
export const whyNotWrapped = ({ command }: Pick<V1Container, 'command'>): string | null =>
  command === undefined || command.length === 0
    ? 'what its image would run is not known here, and `signalbox-run` takes its place: say `command`'
    : null

/**
 * The pod with `signalbox-run` before the program of one container: put there by an init container, and in front of its command. All else
 * is as it was. The pod's grace is what it has for checkpoints.
 */
export const wrapped = (
  spec: V1PodSpec,
  { container, source, told }: { container: string; source: RunnerSource; told: RunnerTold },
): V1PodSpec =>
  withProgram(spec, {
    ...{ container, source },
    change: (one) => ({
      command: [PROGRAM, 'run', '--', ...(one.command ?? [])],
      env: [...(one.env ?? []), ...environment(told, spec)],
    }),
  })

/** The pod with one container that asks what serves, and measures what it answers: of any image, since the program is brought into it. */
export const probing = (
  spec: V1PodSpec,
  { container, source }: { container: string; source: RunnerSource },
): V1PodSpec => withProgram(spec, { container, source, change: () => ({ command: [PROGRAM, 'probe'] }) })

const withProgram = (
  spec: V1PodSpec,
  given: { container: string; source: RunnerSource; change: (one: V1Container) => Partial<V1Container> },
): V1PodSpec => ({
  ...broughtInto(spec, given.source),
  containers: spec.containers.map((one) =>
    one.name === given.container
      ? { ...one, ...given.change(one), volumeMounts: [MOUNT, ...(one.volumeMounts ?? [])] }
      : one,
  ),
})

/** The pod with the program in a volume of its own, where an init container, the last one, puts it. */
export const broughtInto = (spec: V1PodSpec, source: RunnerSource): V1PodSpec => ({
  ...spec,
  initContainers: [...(spec.initContainers ?? []), bringer(source)],
  volumes: [...(spec.volumes ?? []), { name: RUNNER, emptyDir: {} }],
})

/**
 * Where an init container brings the program from by what is fetched; null: it is none of ours, to the last word of it, or its image has
 * the program.
 */
export const fetchedBy = (container: V1Container): Extract<RunnerSource, { uri: string }> | null => {
  const said = (name: string): string => container.env?.find((one) => one.name === name)?.value ?? ''
  const sha256 = { amd64: said('RUNNER_SHA256_AMD64'), arm64: said('RUNNER_SHA256_ARM64') }
  const source = { image: container.image ?? '', uri: said('RUNNER_URI').replaceAll('$$', () => '$'), sha256 }
  return digestOf(bringer(source)) === digestOf(container) ? source : null
}

/** What is brought into its pod before a container's program begins, as it is told. */
export const broughtTo = (container: V1Container): string[] =>
  isOfRunner(container)
    ? (container.env ?? []).flatMap(({ name, value = '' }) => (name === INPUTS ? value.split(',') : []))
    : []

const INPUTS = 'SIGNALBOX_INPUTS'

const environment = ({ stage, inputs }: RunnerTold, { terminationGracePeriodSeconds = 30 }: V1PodSpec): V1EnvVar[] => [
  { name: 'SIGNALBOX_STAGE', value: stage },
  { name: INPUTS, value: inputs.length === 0 ? 'none' : inputs.join(',') },
  { name: 'SIGNALBOX_GRACE', value: String(terminationGracePeriodSeconds) },
]

/** It asks for less than any container beside it, so that its pod asks for no more. */
const bringer = (source: RunnerSource): V1Container => ({
  name: RUNNER,
  image: source.image,
  ...('uri' in source
    ? { command: ['/bin/sh', '-ec', FETCH], env: fetchEnv(source) }
    : { command: ['/signalbox-run', 'install', PROGRAM] }),
  resources: { requests: { cpu: '100m', memory: '128Mi' } },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  volumeMounts: [MOUNT],
})

const fetchEnv = ({ uri, sha256 }: Extract<RunnerSource, { uri: string }>): V1EnvVar[] => [
  // Kubernetes reads `$$` as `$`.
  { name: 'RUNNER_URI', value: uri.replaceAll('$', () => '$$') },
  { name: 'RUNNER_SHA256_AMD64', value: sha256.amd64 },
  { name: 'RUNNER_SHA256_ARM64', value: sha256.arm64 },
]

/**
 * Codes are those of the program itself. 42 where it is another than was approved: whoever may write into the bucket does not choose what
 * runs. What the AWS CLI says of its end is all that tells why.
 */
const FETCH = `case "$(uname -m)" in
x86_64) processor=amd64 sha256=$RUNNER_SHA256_AMD64 ;;
aarch64) processor=arm64 sha256=$RUNNER_SHA256_ARM64 ;;
*) echo "signalbox-run is not built for $(uname -m)" >&2; exit 42 ;;
esac
mkdir -p ${RUNNER_FOLDER}/bin
why=$(aws s3 cp --only-show-errors "$RUNNER_URI/signalbox-run-linux-$processor" ${PROGRAM} 2>&1) || {
  echo "$RUNNER_URI/signalbox-run-linux-$processor: $why" >&2
  case "$why" in
  *'(404)'* | *NoSuchBucket* | *NoSuchKey*) exit 42 ;;
  *'(403)'* | *AccessDenied* | *'locate credentials'*) exit 77 ;;
  *'space left'*) exit 73 ;;
  *) exit 75 ;;
  esac
}
echo "$sha256  ${PROGRAM}" | sha256sum --check --status || { echo "$RUNNER_URI/signalbox-run-linux-$processor is not what its digest says: upload it again" >&2; rm ${PROGRAM}; exit 42; }
chmod 755 ${PROGRAM}`
