import type { ServicePolicy } from '../policy.ts'
import { said } from '../text.ts'
import { FLAGS, type Loads } from './flags-of-engines.ts'

/** Longest piece of an argument that is repeated. */
const SHOWN = 60

/** Arguments of a service that would make its engine do other than what its plan says, or not begin at all. */
export const engineFlagWrongs = ({
  args,
  engine,
}: Pick<ServicePolicy, 'args' | 'engine'>): { at: number; why: string }[] => {
  const of = FLAGS[engine]
  return args.flatMap((one, at) => {
    const why = isFlag(one) ? flagWrong(one, valuesAfter(args, at), of) : isValue(args, at, of) ? null : of.nobodys
    return why === null ? [] : [{ at, why: `found \`${said(one.split('=')[0] ?? '', SHOWN)}\`: ${why}` }]
  })
}

type Of = (typeof FLAGS)[ServicePolicy['engine']]

/** Numbers below zero are values. */
const isFlag = (one: string): boolean => /^\s*--?([A-Za-z]|$)/.test(one)

const flagWrong = (one: string, after: string[], of: Of): string | null => {
  const [, dashes = '', name = ''] = /^\s*(--?)([^=.\s]*)/.exec(one) ?? []
  const flag = flagNamed(dashes, name.replaceAll('_', '-'), of)
  const wrong = flag === null ? null : (of.said[flag] ?? loadsWrong(of.loads[flag], toldIn(one, after)))
  if (wrong !== null) return flag === name.replaceAll('_', '-') ? wrong : `${of.called} reads \`${flag}\`: ${wrong}`
  if (name === '') return `${of.called} reads nothing that follows it: leave it out`
  if (/^load[-_]format$/.test(name) && (one.endsWith('=dummy') || after[0] === 'dummy'))
    return 'it serves no weights at all: leave it out'
  return /^[^=]*\s/.test(one) ? spaced(one) : null
}

/** By its whole name, or by the beginning of one, which engines complete. */
const flagNamed = (dashes: string, name: string, { said: ours, loads }: Of): string | null => {
  const known = [...Object.keys(ours), ...Object.keys(loads)]
  if (name === '' || known.includes(name)) return name === '' ? null : name
  const isShort = (one: string): boolean => one.length === 2
  return known.find((one) => isShort(one) === (dashes === '-') && one.startsWith(name)) ?? null
}

const loadsWrong = (loads: Loads | undefined, told: [string, string][]): string | null => {
  if (loads === undefined) return null
  const wrong = told.find(([key, value]) => (loads.free[key] ?? loads.free['*'])?.test(value) === false)
  return wrong === undefined ? null : `\`${said(wrong[1], SHOWN)}\`: ${loads.why}`
}

const valuesAfter = (args: readonly string[], at: number): string[] => {
  const after = args.slice(at + 1)
  const end = after.findIndex(isFlag)
  return end < 0 ? after : after.slice(0, end)
}

/** What a flag is told: its values, those of their JSON by key; or the one that a dotted flag names. */
const toldIn = (one: string, after: string[]): [string, string][] => {
  const [, key = '', value] = /^[^=.]*(?:\.([^=]*))?(?:=(.*))?$/s.exec(one) ?? []
  return (value === undefined ? after : [value]).flatMap((text) => leavesOf(key.split('.').at(-1) ?? '', text))
}

const leavesOf = (key: string, text: string): [string, string][] => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).flatMap(([inner, part]) =>
        leavesOf(inner, typeof part === 'string' ? part : JSON.stringify(part)),
      )
  } catch {
    // What is no JSON is a value as it stands.
  }
  return [[key, text]]
}

const spaced = (one: string): string => {
  const elements = one.trim().split(/\s+(.*)/s, 2)
  return `it is one argument with a space in it, and no flag: write ${elements.map((element) => `'${said(element, SHOWN)}'`).join(', ')}`
}

/** Some flags take several values, so that a second one is nobody's only where it looks like weights. */
const isValue = (args: readonly string[], at: number, of: Of): boolean => {
  const before = args[at - 1]
  if (before === undefined) return false
  if (isFlag(before)) return !/[=\s]/.test(before) && !of.bare.test(before.replaceAll('_', '-')) && before !== '--'
  return isValue(args, at - 1, of) && !/^([a-z][a-z0-9+.-]*:\/\/|[\w.-]+\/[\w.-]+$)/i.test(args[at] ?? '')
}
