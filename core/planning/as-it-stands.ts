import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import { editsOf } from '../workloads/same-content.ts'
import type { GenerationView } from '../world.ts'
import { editedText, isEditedByHand } from './generations.ts'

/** What `kubectl rollout restart` writes, which changes nothing of what a pod runs. */
const RESTARTED = 'kubectl.kubernetes.io/restartedAt'

/** What makes the pods of a generation, as it stands, whoever has changed it: its Deployment without what it is called and asked for. */
export const asItStands = ({ object }: Pick<GenerationView, 'object'>): KubeObject<'Deployment'> => {
  const { template } = object.spec ?? {}
  const { annotations = {}, ...metadata } = template?.metadata ?? {}
  const { [RESTARTED]: _, ...said } = annotations
  const { apiVersion, kind } = object
  const { name, namespace = '' } = object.metadata
  return {
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec: { template: { ...template, metadata: { ...metadata, annotations: said } } },
  } as unknown as KubeObject<'Deployment'>
}

/** The digest of that, where somebody has changed it: what a move brings up of it is what people were told. Empty: nobody has. */
export const asIsOf = (view: GenerationView): { asIs?: string } =>
  isEditedByHand(view) || editsOf(view.object, null).length > 0 ? { asIs: digestOf(asItStands(view).spec) } : {}

/** What is brought up as somebody has changed it. */
interface AsChanged {
  /** What a title says of it. */
  as: string
  /** What people are told of it who are asked. */
  texts: string[]
  /** What they approve with it. */
  objects: KubeObject[]
}

export const NOTHING_CHANGED: AsChanged = { as: '', texts: [], objects: [] }

/** What more replicas of a generation run that was changed by hand; nothing of one that was not, or is to have no more. */
export const asChanged = (view: GenerationView, replicas: number): AsChanged => {
  if (replicas <= view.replicas || !isEditedByHand(view)) return NOTHING_CHANGED
  const text = `what it brings up runs as it was changed: ${editedText(view)}, which is not what was judged`
  return { as: ', as it was changed by hand', texts: [text], objects: [asItStands(view)] }
}
