import * as z from 'zod/mini'
import { amountIn } from './amount.ts'
import { type Notice, TEXT } from './budget-crossed.ts'
import type { Parsed } from './contract.ts'
import { anomalyIn } from './cost-anomaly.ts'
import { filled, millisecondsOf, NAME, parseJson, parseWith, refusal, short } from './input.ts'

/** What SNS hands a function, and what of a message is used. */
const record = z.object({
  EventSource: z.literal('aws:sns', 'expected aws:sns'),
  Sns: z.object({
    MessageId: short(NAME),
    Timestamp: short(64),
    Subject: z.nullish(z.string()),
    Message: filled,
  }),
})
const records = z.object({ Records: z.array(z.unknown()).check(z.minLength(1)) })

/** Longest message that AWS Budgets writes, many times over. Characters. */
const LONGEST = 20_000

/** What one call holds: notices, and what is none. */
export interface Noticed {
  notices: Notice[]
  refused: Extract<Parsed<never>, { ok: false }>[]
}

/** The notices that SNS hands a function, each by itself: one that cannot be read loses no other. Total. */
export const noticesIn = (input: unknown): Parsed<Noticed> => {
  const parsed = parseWith(records, input)
  if (!parsed.ok) return parsed
  const read = parsed.event.Records.map((one, index) => {
    const notice = noticeIn(one)
    return notice.ok ? notice : { ...notice, detail: `Records.${index}: ${notice.detail}` }
  })
  return {
    ok: true,
    event: {
      notices: read.flatMap((one) => (one.ok ? [one.event] : [])),
      refused: read.flatMap((one) => (one.ok ? [] : [one])),
    },
  }
}

const noticeIn = (input: unknown): Parsed<Notice> => {
  const parsed = parseWith(record, input)
  if (!parsed.ok) return parsed
  const { MessageId: id, Timestamp, Subject, Message } = parsed.event.Sns
  const at = millisecondsOf(Timestamp)
  if (at === null || at <= 0) return refusal('bad-field', `Sns.Timestamp: ${Timestamp} is no time`)
  if (Message.length > LONGEST) return refusal('bad-field', `Sns.Message: it has ${Message.length} characters`)
  if (Message.trimStart().startsWith('{')) {
    const json = parseJson(Message)
    return json.ok ? anomalyIn(json.value, at) : refusal('bad-field', `Sns.Message: it ${json.detail}`)
  }
  return wordsIn({ id, at, subject: Subject ?? '', message: Message })
}

interface Words {
  id: string
  at: number
  subject: string
  message: string
}

/** Lines of the block below the prose, of which alone something is read: names of budgets have no `:`, so none can write such a line. */
const LINE =
  /^(Budget Name|Budget Type|Budgeted Amount|Alert Type|Alert Threshold|ACTUAL Amount|FORECASTED Amount): (.*)$/gm

/** What AWS Budgets writes: of a threshold, or else of one of its actions, which has no such block. */
const wordsIn = (words: Words): Parsed<Notice> => {
  const { message, subject } = words
  const lines = [...message.replaceAll('\r\n', '\n').matchAll(LINE)].map(
    ([, key = '', value = '']) => [key, value] as const,
  )
  const twice = lines.find(([key, value]) => lines.some(([other, also]) => other === key && also !== value))
  if (twice !== undefined) return refusal('bad-field', `Sns.Message: it says ${twice[0]} twice`)
  const said = new Map(lines)
  if (said.has('Alert Type')) return thresholdIn(words, said)
  if (!/\bAWS Budgets?\b/.test(`${subject}\n${message}`))
    return refusal('not-this-event', 'Sns.Message: neither AWS Budgets nor Cost Anomaly Detection writes so')
  return {
    ok: true,
    event: {
      ...{ of: 'aws-action', name: (said.get('Budget Name') ?? '').trim().slice(0, NAME), key: words.id, at: words.at },
      ...{ amount: null, budgeted: null, threshold: null, isForecast: false, days: null, ofNodes: true },
      text: [subject, message]
        .filter((part) => part !== '')
        .join(': ')
        .replace(/\s+/g, ' ')
        .slice(0, TEXT),
    },
  }
}

const thresholdIn = ({ at, message }: Words, said: ReadonlyMap<string, string>): Parsed<Notice> => {
  const [name, type] = [(said.get('Budget Name') ?? '').trim(), said.get('Alert Type')?.trim() ?? '']
  if (name === '' || name.length > NAME) return refusal('missing-field', 'Sns.Message: it has no line `Budget Name: …`')
  if (type !== 'ACTUAL' && type !== 'FORECASTED')
    return refusal('bad-field', `Sns.Message: Alert Type: ${type} is neither ACTUAL nor FORECASTED`)
  const crossed = said.get('Alert Threshold') ?? ''
  const [, day = ''] = /^AWS Budget Notification ([A-Z][a-z]+ \d{1,2}, \d{4})\s*$/m.exec(message) ?? []
  const told = millisecondsOf(`${day} UTC`) ?? at
  const [, account = ''] = /^AWS Account (\d{12})\s*$/m.exec(message) ?? []
  return {
    ok: true,
    event: {
      ...{ of: 'aws-budget', name, at },
      key: `${account} ${type} ${crossed} ${dayOf(told)}`.slice(0, NAME),
      amount: amountIn(said.get(`${type} Amount`) ?? ''),
      budgeted: amountIn(said.get('Budgeted Amount') ?? ''),
      threshold: amountIn(crossed.replace(/^[<>]=?\s*/, '')),
      isForecast: type === 'FORECASTED',
      days: daysOf(message.replaceAll(name, ''), told),
      ofNodes: true,
      text: (said.get('Budget Type') ?? '').slice(0, TEXT),
    },
  }
}

const DAY = 86_400_000
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Which days it counts: the block does not say, and prose may change, so this only chooses which of our figures stands beside it. */
const daysOf = (prose: string, told: number): Notice['days'] => {
  const [, month] = /\b(?:for the current (month)|per day)\b/.exec(prose) ?? [undefined, null]
  if (month === null) return null
  const date = new Date(told)
  const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  // Of a day it tells once it is over.
  if (month === undefined) return { from: today - DAY, until: today }
  return { from: today - (date.getUTCDate() - 1) * DAY, until: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) }
}
