import { linesOf, type Tree } from './rules.ts'
import { FORBIDDEN_NAMES, LONGEST_FILE, LONGEST_TEST } from './table.ts'

/** The one folder that Go stands in: a program that runs in other people's containers needs no Node there. */
const RUNNER = 'runner/'

/** Packages of it that are pure, so that what they say can be tried without files or a network. */
const PURE = ['place', 'result', 'settings', 'speak']
const TOUCHES = /^\s*(?:import\s+)?"(os|os\/exec|net|net\/http|syscall|github\.com\/aws\/[^"]*)"$/

/** What is wrong with where Go stands, one sentence each. The tree has every file of the runner's folder, and every Go file elsewhere. */
export const goViolationsOf = (tree: Tree): string[] => [...tree].flatMap(([file, source]) => violations(file, source))

const violations = (file: string, source: string): string[] => {
  if (!file.startsWith(RUNNER))
    return [`${file} is Go, which stands in ${RUNNER} alone: what runs in our own house is TypeScript`]
  if (file === `${RUNNER}go.mod`) return moduleViolations(source)
  if (file === `${RUNNER}go.sum`) return []
  if (!file.endsWith('.go')) return [`${file} is no Go: ${RUNNER} holds one program and its tests`]
  return [...nameViolations(file), ...sizeViolations(file, source), ...pureViolations(file, source)]
}

const moduleViolations = (source: string): string[] =>
  /^\s*replace\b/m.test(source)
    ? [`${RUNNER}go.mod replaces a module: nobody could build it from elsewhere; pin the version that is meant`]
    : []

const nameViolations = (file: string): string[] => {
  const bad = file.split('/').find((part) => FORBIDDEN_NAMES.includes(part.split(/[._]/, 1)[0] ?? ''))
  return bad === undefined ? [] : [`${file}: \`${bad}\` says nothing about what is inside: name it after what it does`]
}

const sizeViolations = (file: string, source: string): string[] => {
  const [lines, most] = [linesOf(source), isTest(file) ? LONGEST_TEST : LONGEST_FILE]
  return lines > most
    ? [`${file} has ${lines} lines, and none may have over ${most}: it holds two things, give each its file`]
    : []
}

const isTest = (file: string): boolean => file.endsWith('_test.go') || file.startsWith(`${RUNNER}standin/`)

const pureViolations = (file: string, source: string): string[] => {
  const room = file.split('/')[1] ?? ''
  if (!PURE.includes(room) || isTest(file)) return []
  return source.split('\n').flatMap((line, index) => {
    const touched = TOUCHES.exec(line)?.[1]
    return touched === undefined
      ? []
      : [`${file}:${index + 1} imports ${touched}, but ${room} is pure: hand in what it needs to know`]
  })
}
