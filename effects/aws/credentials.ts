import { fromEnv } from '@aws-sdk/credential-provider-env'

/**
 * Where Lambda puts a door's credentials. Bundles take this in place of `@aws-sdk/credential-provider-node`, which asks the
 * same place first and brings profiles, SSO and containers besides: a third of a small bundle, and nothing a door ever uses.
 */
export const defaultProvider = fromEnv
