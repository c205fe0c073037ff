import { repeatedKey } from '../events/json-text.ts'
import type { Gate } from './gate.ts'
import { isRecord } from './record.ts'

/** What a Job measured and made. */
export interface JobResult {
  metrics: Record<string, number>
  /** URIs under the folder of the pod that made them, by name. */
  artifacts: Record<string, string>
}

export type ParsedResult = { ok: true; result: JobResult } | { ok: false; reason: 'result-malformed'; detail: string }

/** Largest result that is read, in bytes (law 16). */
export const RESULT_LIMIT = 64 * 1024
/** Artifacts that a result names at most: each is looked at, again and again. */
const ARTIFACTS = 32
/** What a result may call a figure or an artifact, as evaluators do: `acc,none`, `pass@1`. A policy names figures by the same. */
export const NAME = /^[A-Za-z][A-Za-z0-9_.,/@-]{0,79}$/
const KEY = /^[A-Za-z0-9!_.*'()/=+@,:-]{1,900}$/

/**
 * Reads a `result.json` (law 16). Its contents are untrusted: anything but finite numbers and URIs under the pod's folder,
 * written for this Job, is refused with a sentence. `metrics` and `artifacts` may be left out. Never throws.
 */
export const parseResult = (bytes: Uint8Array, expect: { object: string; prefix: string }): ParsedResult => {
  if (bytes.length > RESULT_LIMIT) return refused(`it has ${bytes.length} bytes, and at most ${RESULT_LIMIT} are read`)
  const json = parseJson(bytes)
  if ('detail' in json) return refused(json.detail)
  const { value } = json
  if (!isRecord(value)) return refused('it must be a JSON object')
  if (value['object'] !== expect.object)
    return refused(`\`object\` must be ${quote(expect.object)}, the Job's name, and is ${quote(value['object'])}`)
  const metrics = value['metrics'] ?? {}
  const artifacts = value['artifacts'] ?? {}
  if (!isRecord(metrics)) return refused('`metrics` must be an object of numbers')
  if (!isRecord(artifacts)) return refused('`artifacts` must be an object of URIs')
  const count = Object.keys(artifacts).length
  if (count > ARTIFACTS)
    return refused(`\`artifacts\` names ${count}, and at most ${ARTIFACTS} are taken: name folders`)
  const problem =
    namesProblem(metrics, artifacts) ?? metricsProblem(metrics) ?? artifactsProblem(artifacts, expect.prefix)
  if (problem !== null) return refused(problem)
  return {
    ok: true,
    result: { metrics: metrics as Record<string, number>, artifacts: artifacts as Record<string, string> },
  }
}

/** Whether every gate holds, with a line for each. What is missing or not finite fails; no gates at all fail too (law 12). */
export const judge = (gates: Gate[], metrics: Record<string, number>): { passed: boolean; lines: string[] } => {
  if (gates.length === 0) return { passed: false, lines: ['no gate is configured, so nothing is proven'] }
  const verdicts = gates.map((gate) => verdict(gate, metrics))
  return { passed: verdicts.every(({ holds }) => holds), lines: verdicts.map(({ line }) => line) }
}

const verdict = ({ metric, op, value }: Gate, metrics: Record<string, number>): { holds: boolean; line: string } => {
  const measured = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
  if (measured === undefined) return { holds: false, line: `${metric} was not measured, and must be ${op} ${value}` }
  if (!Number.isFinite(measured)) return { holds: false, line: `${metric} is ${measured}, and must be ${op} ${value}` }
  const holds = op === '>=' ? measured >= value : measured <= value
  return {
    holds,
    line: holds ? `${metric} ${measured} is ${op} ${value}` : `${metric} ${measured} is not ${op} ${value}`,
  }
}

const parseJson = (bytes: Uint8Array): { value: unknown } | { detail: string } => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { detail: 'it is not UTF-8 text' }
  }
  try {
    const value: unknown = JSON.parse(text)
    const twice = repeatedKey(text)
    return twice === null ? { value } : { detail: `it says ${quote(twice)} twice` }
  } catch {
    const token = /[:[,]\s*(NaN|-?Infinity)\s*[,}\]]/.exec(text)?.[1]
    if (token === undefined) return { detail: 'it is not JSON' }
    return {
      detail: `it has a bare ${token}, which is not JSON: a metric that is not finite must be left out, and then its gate fails`,
    }
  }
}

const namesProblem = (metrics: Record<string, unknown>, artifacts: Record<string, unknown>): string | null => {
  const bad = [...Object.keys(metrics), ...Object.keys(artifacts)].find((name) => !NAME.test(name))
  if (bad !== undefined)
    return `the name ${quote(bad)} must start with a letter and have letters, digits and _ . , / @ - only, at most 80`
  const both = Object.keys(metrics).find((name) => Object.hasOwn(artifacts, name))
  return both === undefined ? null : `${quote(both)} is both a metric and an artifact`
}

const metricsProblem = (metrics: Record<string, unknown>): string | null => {
  const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value))
  return bad === undefined ? null : `metric ${quote(bad[0])} must be a finite number and is ${quote(bad[1])}`
}

const artifactsProblem = (artifacts: Record<string, unknown>, prefix: string): string | null => {
  const folder = prefix.endsWith('/') ? prefix : `${prefix}/`
  const bad = Object.entries(artifacts).find(([, uri]) => typeof uri !== 'string' || !isUnder(uri, folder))
  return bad === undefined
    ? null
    : `artifact ${quote(bad[0])} must be a plain URI under ${folder} and is ${quote(bad[1])}`
}

const isUnder = (uri: string, folder: string): boolean => {
  const key = uri.slice(folder.length)
  return uri.startsWith(folder) && KEY.test(key) && key.split('/').every((part) => part !== '..' && part !== '.')
}

/** Untrusted text for a sentence: quoted, cut, and without what a terminal or a reader could be fooled by. */
const quote = (value: unknown): string => {
  if (value === undefined) return 'missing'
  if (typeof value === 'object') return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '�').slice(0, 100))
}

const refused = (detail: string): ParsedResult => ({ ok: false, reason: 'result-malformed', detail })
