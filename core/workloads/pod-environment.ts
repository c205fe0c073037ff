import type { V1EnvVar } from '@kubernetes/client-node'

/** What a pod is told to write its result below: its own name, which its role in AWS may write below and no other may. */
export const POD_NAME = 'POD_NAME'

/** What a Job's container is told to write its result below. */
export const RESULTS_URI = 'RESULTS_URI'

/** Says each pod its own name; no pod's name is in the object, so none is in its digest. */
export const POD_NAME_ENV: V1EnvVar = { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }

/** An environment variable that says what an annotation of the pod says: what is known only once the Job begins. */
export const fromAnnotation = (name: string, key: string): V1EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${key}']` } },
})

/** An environment variable that says what a label of the pod says: so that its value stays out of the digest. */
export const fromLabel = (name: string, key: string): V1EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${key}']` } },
})

/** How variables begin that tell of a stage. */
export const variableOf = (stage: string): string => stage.toUpperCase().replaceAll('-', '_')

/** Kubernetes expands `$(NAME)` and reads `$$` as `$`: what a person or a registry wrote must stay as it is. */
export const literal = (value: string): string => value.replaceAll('$', () => '$$')

/**
 * Images that know no user of the number that replicas run as: PyTorch asks for its name as it is imported, and ends where nobody says one.
 * vLLM's image has a user of that number.
 */
const NAMED = { USER: 'signalbox' }

/** What each engine is told by variables, of which no card speaks: it is the same for all services. */
export const ENGINE_ENV = {
  vllm: {},
  // Its health would generate a token whenever it is asked, behind all that waits: whoever is busy would be taken for dead.
  sglang: { ...NAMED, SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION: 'false' },
  trtllm: NAMED,
} as const satisfies Record<string, Readonly<Record<string, string>>>
