import { KubeConfig } from '@kubernetes/client-node'

export interface KubeconfigOptions {
  /** `$KUBECONFIG`, then `~/.kube/config`, unless told. */
  file?: string
  /** The file's current context unless told. */
  context?: string
}

/** The configuration of one context. Throws with the contexts that there are when it is none of them. */
export const loadKubeconfig = ({ file, context }: KubeconfigOptions = {}): KubeConfig => {
  const config = new KubeConfig()
  readable(() => (file === undefined ? config.loadFromDefault() : config.loadFromFile(file)))
  // With no file anywhere the library makes up a cluster on this machine, which nobody meant.
  if (file === undefined && config.getCurrentCluster()?.server === NOWHERE && config.getCurrentContext() === MADE_UP)
    throw new Error('there is no kubeconfig: name one with --kubeconfig, in $KUBECONFIG, or write ~/.kube/config')
  const wanted = context ?? config.getCurrentContext()
  const names = config.getContexts().map(({ name }) => name)
  if (!names.includes(wanted))
    throw new Error(
      `the kubeconfig has no context ${JSON.stringify(wanted)}; it has ${names.length === 0 ? 'none' : names.join(', ')}`,
    )
  config.setCurrentContext(wanted)
  return config
}

const [MADE_UP, NOWHERE] = ['loaded-context', 'http://localhost:8080']

/** What reads YAML shows the lines around a slip in it, and here they hold tokens and keys. */
const readable = (load: () => void): void => {
  try {
    load()
  } catch (error) {
    const { name, mark } = error as { name?: string; mark?: { line?: number } }
    if (name !== 'YAMLException') throw error
    throw new Error(`the kubeconfig cannot be read: it is no YAML at line ${(mark?.line ?? 0) + 1}`)
  }
}
