import { writeFileSync } from 'node:fs'
import * as models from '@kubernetes/client-node'

interface Attribute {
  baseName: string
  type: string
}

/** Kinds of volumes that Kubernetes gave up, and what no template may have: of them only that they are maps is looked at. */
const LOOSE =
  /^(V1(AWSElasticBlockStore|AzureDisk|AzureFile|CephFS|Cinder|FC|Flex|Flocker|GCEPersistentDisk|GitRepo|Glusterfs|HostPath|ISCSI|PhotonPersistentDisk|Portworx|Quobyte|RBD|ScaleIO|StorageOS|VsphereVirtualDisk)(Persistent)?Volume(Source)?|V1EphemeralContainer|V1WindowsSecurityContextOptions|V1ManagedFieldsEntry|V1OwnerReference|V1PodCertificateProjection|V1ClusterTrustBundleProjection)$/

/** `V1Container` → `Container`; of a list `Container[]`, of a map `string{}`. */
const short = (type: string): string => {
  const [, list] = /^Array<(.*)>$/.exec(type) ?? []
  if (list !== undefined) return `${short(list)}[]`
  const [, map] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? []
  if (map !== undefined) return `${short(map)}{}`
  return LOOSE.test(type) ? 'map' : type === 'Date' ? 'string' : type.replace(/^(Core)?V1/, '')
}

const attributesOf = (name: string): Attribute[] | null => {
  const found: unknown = Object.entries(models).find(([key]) => key.replace(/^(Core)?V1/, '') === name)?.[1]
  return typeof found === 'function' && 'getAttributeTypeMap' in found
    ? (found as unknown as { getAttributeTypeMap(): Attribute[] }).getAttributeTypeMap()
    : null
}

/** Fields of a pod's spec and of what is below it, as the client of Kubernetes has them: `name`, or `name:type` where it is no text. */
export const podFields = (): Record<string, string> => {
  const fields: Record<string, string> = {}
  const visit = (name: string): void => {
    const attributes = Object.hasOwn(fields, name) ? null : attributesOf(name)
    if (attributes === null) return
    const own = attributes.map(({ baseName, type }) => ({ baseName, type: short(type) }))
    fields[name] = own.map(({ baseName, type }) => (type === 'string' ? baseName : `${baseName}:${type}`)).join(' ')
    for (const { type } of own) visit(type.replace(/[[\]{}]/g, ''))
  }
  visit('PodSpec')
  return fields
}

/** The file that core reads. */
export const podFieldsFile = (): string => `${JSON.stringify(podFields(), null, 2)}\n`

if (import.meta.main) writeFileSync(new URL('../core/policy/pod-fields.json', import.meta.url), podFieldsFile())
