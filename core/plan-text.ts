import { monthBegin } from './money/months.ts'
import { usd } from './money/prices.ts'
import type { Alternative, Plan, Price, Range, Step } from './plan.ts'
import { amountsOf, hoursOf } from './plan-amounts.ts'
import { runsOf } from './plan-runs.ts'
import { MARGIN } from './planning/serve-price.ts'
import { counted, plainTime } from './text.ts'

/** A label with its lines, the first beside it. */
type Entry = [label: string, ...lines: string[]]

const COLUMN = 12

/** What is known beside a plan when it is told. */
interface Told {
  /** The product's time; null where the reader does not know it. */
  now: number | null
  /** Until when it may be answered; null: nobody is asked about it now. */
  asked: { until: number } | null
}

/** A plan as a person wants to read it in a terminal: aligned plain text, without colours or control characters. */
export const planText = (plan: Plan, now: Told['now'], asked: Told['asked'] = null): string =>
  [
    plain(plan.title),
    ...head(plan),
    '',
    ...steps(plan),
    ...strategy(plan),
    '',
    ...table(costs(plan, atMostText(plan))),
    '',
    ...table(terms(plan, { now, asked })),
    ...(now === null && asked === null ? [] : choices(plan)),
  ]
    .concat('', ...table([['why', ...plan.reasons]]))
    .join('\n')

/** The plan in short, for a card: facts as `label: value`, and the lines that a person decides by. */
export const planCard = (
  plan: Plan,
  nameOf = (by: string): string => by,
): { facts: { label: string; value: string }[]; lines: string[] } => {
  const { price, bounds } = plan
  const facts: [string, string][] = [
    ['Lane', plan.lane],
    ['Price', money(price.total)],
    ['At most', atMostText(plan)],
    ['Per hour', perHour(price)],
    ...amountsOf(plan),
    ...(plan.weights === undefined ? [] : [['Weights', plan.weights] as [string, string]]),
    ...(plan.requester === undefined ? [] : [['Asked for by', whoAsked(plan, nameOf)] as [string, string]]),
    ['Interrupts', plan.interrupts.join('; ') || 'nothing'],
    ...(bounds.answering === undefined ? [] : [['Answering', answeringText(bounds.answering)] as [string, string]]),
    ...(bounds.from === undefined ? [] : [['Begins', `not before ${plainTime(bounds.from)}`] as [string, string]]),
    ['Begins before', plainTime(bounds.until)],
    ['Plan', `${plan.id} (${plan.digest.slice(0, 12)})`],
  ]
  return {
    facts: facts.map(([label, value]) => ({ label, value: plain(value) })),
    lines: [
      ...plan.steps.map((step, index) => `${index + 1}. ${step.title}: ${step.why}${runsText(step)}`),
      ...(plan.strategy === null ? [] : [`${plan.strategy.name}, ${pathText(plan)}: ${plan.strategy.why}`]),
      ...plan.reasons,
      `Undo: ${plan.undo}`,
    ].map(plain),
  }
}

/** What people weigh of one way to make it against the others, a line each. */
export const alternativeLines = (one: Alternative): string[] =>
  [
    `${money(one.price)}, at most ${usd(one.bounds.dollars)}`,
    whenText(one),
    ...one.uses,
    ...(one.risks.length === 0
      ? ['risk: none beyond what is said of the plan']
      : one.risks.map((risk) => `risk: ${risk}`)),
    one.why,
  ].map(plain)

const whenText = ({ bounds: { from }, hours, done }: Alternative): string => {
  const takes = `takes ${rangeText(hours, inHours)}`
  const when = from === undefined ? '' : from === monthBegin(from) ? 'the month turns' : 'its pool opens'
  const opens = from === undefined ? '' : `begins ${plainTime(from)}, when ${when}, and `
  if (done === null) return `${opens}${takes} once it has room`
  const ends = `done before ${plainTime(done)} in the bad case`
  return `${opens}${takes}: ${ends}${from === undefined ? ', were it begun when it was planned' : ''}`
}

const inHours = (hours: number): string => `${hours} h`

/** The ways among which people choose, while they may, each by the name and the digest that an answer may give. */
const choices = ({ alternatives = [] }: Plan): string[] =>
  alternatives.length === 0
    ? []
    : [
        '',
        ...table(
          alternatives.map((one): Entry => {
            const [first = '', ...rest] = alternativeLines(one)
            return ['choice', `${one.name} (${one.digest.slice(0, 12)}): ${first}`, ...rest.map((line) => `  ${line}`)]
          }),
        ),
      ]

/**
 * `$519.87: $14.43 for the rollout (1.5 times its p95), $1.92 …`: what an approval binds, what is held, and at which it is ended. What of
 * it comes to nothing is left out.
 */
export const atMostText = ({ bounds, boundOf }: Pick<Plan, 'bounds' | 'boundOf'>): string => {
  if (boundOf === undefined) return usd(bounds.dollars)
  const { rollout, ending, firstDay } = boundOf
  const parts = [
    [rollout, `for the rollout (${MARGIN} times its p95)`],
    [ending, 'for what still runs once it is told to end'],
    [firstDay, 'for the first 24 h of what it adds to the running cost'],
  ] as const
  const said = parts.filter(([dollars]) => dollars > 0).map(([dollars, what]) => `${usd(dollars)} ${what}`)
  return [usd(bounds.dollars), ...(said.length === 0 ? [] : [said.join(', ')])].join(': ')
}

const runsText = (step: Step): string => {
  const runs = runsOf(step)
  return runs === null ? '' : `. Runs ${runs}`
}

/** Who asked, and how that is known. */
const whoAsked = ({ requester, lends }: Pick<Plan, 'requester' | 'lends'>, nameOf: (by: string) => string): string => {
  if (requester == null) return 'unknown'
  const { by, proven } = requester
  const name = nameOf(by) === by ? by : `${nameOf(by)} (${by})`
  const how = lends === true ? 'who said so in Slack' : 'whose AWS account uploaded it'
  return proven ? `proven: ${name}, ${how}` : `claimed: ${name}, which proves nothing`
}

const head = (plan: Plan): string[] =>
  table([
    ['lane', `${plan.lane}, generation ${plan.generation}, attempt ${plan.attempt}`],
    ['plan', plan.id],
  ])

const steps = ({ steps: all }: Plan): string[] => {
  if (all.length === 0) return ['Steps: none']
  const width = Math.max(...all.map(({ name }) => name.length))
  return [
    'Steps',
    ...all.flatMap((step, index) => stepLines(step, `${String(index + 1).padStart(3)}. ${step.name.padEnd(width)}  `)),
  ]
}

const stepLines = (step: Step, lead: string): string[] => {
  const runs = runsOf(step)
  const below = [`because ${step.why}`, ...(runs === null ? [] : [`runs ${runs}`])]
  return [`${lead}${plain(step.title)}`, ...below.map((line) => `${' '.repeat(lead.length)}${plain(line)}`)]
}

const strategy = (plan: Plan): string[] => {
  if (plan.strategy === null) return []
  const { name, why, rejected } = plan.strategy
  return [
    '',
    ...table([
      ['strategy', `${name}: ${why}`],
      ['path', pathText(plan)],
      [
        'not',
        ...(rejected.length === 0
          ? ['nothing else was weighed']
          : rejected.map((other) => `${other.name}: ${other.why}`)),
      ],
    ]),
  ]
}

/** How many replicas answer at the least while it goes on. */
const answeringText = (least: number): string =>
  least === 0 ? 'nobody for a time' : `at least ${counted(least, 'replica')} all the way`

/** What it costs by the hour before and after. */
const perHour = ({ nowPerHour, perHour: then }: Price): string => `now ${usd(nowPerHour)}, then ${money(then)}`

const costs = ({ price, interrupts, undo }: Plan, atMost: string): Entry[] => [
  ['price', money(price.total)],
  ['at most', atMost],
  ['per hour', perHour(price)],
  ...hoursOf(price).map(([name, hours]): Entry => [name, rangeText(hours, String)]),
  ['sources', ...price.sources],
  ['interrupts', ...(interrupts.length === 0 ? ['nothing'] : interrupts)],
  ['undo', undo],
]

const terms = (
  { bounds, effects, desired, approval, digest, policy, weights, requester, lends }: Plan,
  told: Told,
): Entry[] => [
  ...(weights === undefined ? [] : [['weights', weights] as Entry]),
  ...(requester === undefined ? [] : [['asked by', whoAsked({ requester, lends }, (by) => by)] as Entry]),
  [
    'bounds',
    `${amountsOf({ bounds, effects, desired })
      .map((said) => said.join(': '))
      .join('; ')}; replicas away: ${bounds.unavailable}`,
    ...(bounds.answering === undefined ? [] : [`answering: ${answeringText(bounds.answering)}`]),
  ],
  ...(told.asked === null ? [] : [['answer', beforeText(told.asked.until, told)] as Entry]),
  [
    'begins',
    ...(bounds.from === undefined ? [] : [`not before ${plainTime(bounds.from)}`]),
    beforeText(bounds.until, told),
  ],
  ['approval', approval.required ? `${approval.need} needed: ${approval.why}` : `not needed: ${approval.why}`],
  ['digest', digest],
  ['policy', policy],
]

const beforeText = (until: number, { now }: Told): string =>
  `before ${plainTime(until)}${now === null ? '' : ` (${distance(until - now)})`}`

const table = (entries: Entry[]): string[] =>
  entries.flatMap(([label, ...lines]) =>
    lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(COLUMN)}${plain(line)}`),
  )

const pathText = ({ strategy: chosen }: Plan): string =>
  `${chosen?.path.map((point) => `(${point.old},${point.new})`).join(' ') ?? ''} of (old,new) replicas`

const money = (range: Range): string => rangeText(range, usd)

const rangeText = ({ p50, p95 }: Range, show: (n: number) => string): string =>
  p50 === p95 ? show(p50) : `${show(p50)} (p95 ${show(p95)})`

/** `3 h 55 min left at 12:00`: what is read later is not taken for now. */
export const timeLeft = (until: number, now: number): string =>
  until <= now ? 'no time left' : `${distance(until - now).slice('in '.length)} left at ${plainTime(now).slice(11, 16)}`

const distance = (milliseconds: number): string => {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000)
  const text =
    minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
  return milliseconds < 0 ? `${text} ago` : `in ${text}`
}

/** Names in a plan come from buckets and registries: a terminal must not obey them, nor a reader be fooled by what is not seen. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�')
