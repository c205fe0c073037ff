import { readFileSync } from 'node:fs'
import type { Output } from '../output.ts'

/** The JSON schema of the policy, for editors and for who writes JSON or YAML: it is made from the docstrings, and printed as it lies in docs/. */
export const printSchema = (output: Output): void =>
  output.out(readFileSync(new URL('../../docs/policy.schema.json', import.meta.url), 'utf8').trimEnd())
