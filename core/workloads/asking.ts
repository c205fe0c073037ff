import type { V1Container } from '@kubernetes/client-node'
import { type Probe, probeIn } from '../policy/probe.ts'
import { counted, said } from '../text.ts'
import { literal } from './pod-environment.ts'

/** The variable by which it is told that. */
const QUESTIONS = 'SIGNALBOX_QUESTIONS'

/** What it is told to ask. */
export const questionsEnv = (asked: Probe): { name: string; value: string } => ({
  name: QUESTIONS,
  value: literal(JSON.stringify(asked)),
})

/** Prompts that are repeated to a person, and how long each of their texts may be. Characters. */
const [PROMPTS, TEXT] = [10, 120]

/** What a container is told to ask, as a card says it: each prompt with what its answer has, then how often; nothing where it is none of ours. */
export const askedBy = ({ env = [] }: V1Container): string[] => {
  // A container beside ours may say anything by a variable of that name.
  const value = env.find(({ name }) => name === QUESTIONS)?.value ?? ''
  const asked = probeIn(value.replaceAll('$$', () => '$'))
  if (asked === null) return []
  const { prompts = [], requests, concurrency, timeoutSeconds, waitSeconds } = asked
  const more = prompts.length - PROMPTS
  const times = [
    requests === undefined ? null : counted(requests, 'request'),
    concurrency === undefined ? null : `${concurrency} at once`,
    timeoutSeconds === undefined ? null : `${timeoutSeconds} s for each`,
    waitSeconds === undefined ? null : `${waitSeconds} s until it answers at all`,
  ].filter((one) => one !== null)
  return [
    ...prompts.slice(0, PROMPTS).map(promptText),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(times.length === 0 ? [] : [times.join(', ')]),
  ]
}

type Prompt = NonNullable<Probe['prompts']>[number]

const promptText = ({ prompt, contains = [], lacks = [], matches, maxTokens }: Prompt): string => {
  const wanted = [
    ...contains.map((text) => `has ${said(text, TEXT)}`),
    ...lacks.map((text) => `has no ${said(text, TEXT)}`),
    ...(matches === undefined ? [] : [`fits ${said(matches, TEXT)}`]),
    ...(maxTokens === undefined ? [] : [`${counted(maxTokens, 'token')} at most`]),
  ]
  return `${said(prompt, TEXT)}${wanted.length === 0 ? '' : ` (${wanted.join('; ')})`}`
}
