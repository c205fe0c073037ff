import type { ServeDesired } from '../desired.ts'
import type { ServicePolicy } from '../policy.ts'

/**
 * Whether an address says by itself that it is an adapter: a folder that is called so, or a file of one. A registry knows no more,
 * unless the version carries our tag; a folder of another name with an adapter in it is found out by its gate.
 */
export const saysAdapter = (source: string): boolean =>
  /\/(adapter|lora|adapter_model\.(safetensors|bin)|adapter_config\.json)\/?$/.test(source)

/** Whether a version is an adapter, as far as paper tells: by its tag, or by its address. */
export const isAdapter = ({ source, adapter }: Pick<ServeDesired, 'source' | 'adapter'>): boolean =>
  adapter === true || saysAdapter(source)

/** What an adapter is served on: what the policy says, else what its version does; null: nobody says, or it is whole weights. */
export const baseOf = (
  desired: Pick<ServeDesired, 'source' | 'adapter' | 'base'>,
  { base }: Pick<ServicePolicy, 'base'>,
): string | null => (isAdapter(desired) ? (base ?? desired.base ?? null) : null)
