import { readdirSync, readFileSync } from 'node:fs'

/** A stored sample, as events/samples keeps it. */
export interface Sample {
  name: string
  provenance: string
  expect: 'accepted' | { refused: string }
  event?: unknown
  /** A message of SNS. */
  message?: unknown
  secret?: string
  request?: { route: string; headers: Record<string, string>; body: string }
}

const ROOT = new URL('../../events/samples/', import.meta.url)

export const samplesOf = (contract: string): Sample[] =>
  readdirSync(new URL(`${contract}/`, ROOT)).map((file) => ({
    name: file.slice(0, -'.json'.length),
    ...(JSON.parse(readFileSync(new URL(`${contract}/${file}`, ROOT), 'utf8')) as Omit<Sample, 'name'>),
  }))
