import type { Context, Hono } from 'hono'
import * as z from 'zod'
import { DEFAULT } from '../../core/chosen.ts'
import { openQuestion } from '../../core/lane/awaited.ts'
import type { Question } from '../../core/lane/question.ts'
import { runName } from '../../core/names.ts'
import { meantText } from '../../core/policy/approvals.ts'
import type { SetOf } from '../../events/occasions.ts'
import { everyLane } from '../../flows/lanes.ts'
import { runOf } from '../../flows/runs.ts'
import { isProblem, type Problem, readJson, refuse } from './body.ts'
import type { Served } from './served.ts'

const A_PERSON = /^[A-Z0-9]{1,60}\/[A-Z0-9]{1,60}$/
const answer = z.strictObject({
  by: z.string().min(1).max(100),
  verdict: z.enum(['approve', 'deny']),
  reason: z.string().max(3000).nullable().default(null),
})
/** Of a plan: which of the ways that it asks about, by its name or the digest that was seen; left out: the default. */
const planAnswer = z.strictObject({ ...answer.shape, choice: z.string().min(1).max(100).optional() })
const lane = z.string().min(1).max(100)
const by = z.string().min(1).max(100)
const count = z.int().min(1)
const saw = z.union([z.literal('idle'), z.strictObject({ generation: count, attempt: count })]).optional()
const command = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('retry'), lane, by, saw, from: z.string().min(1).max(100).optional() }),
  z.strictObject({ kind: z.literal('cancel'), lane, by, saw, wanted: z.boolean().optional() }),
  z.strictObject({
    kind: z.literal('lease'),
    ...{ lane, by, does: z.enum(['take', 'extend', 'end']) },
    ...{ gpus: count.optional(), until: z.number().optional(), more: z.number().positive().optional() },
    of: z.string().min(1).max(100).optional(),
  }),
  // What may be set, its own contract says.
  z.strictObject({ kind: z.literal('run'), lane, by, id: lane.optional(), set: z.custom<SetOf>().optional() }),
  z.strictObject({
    kind: z.literal('lift'),
    rung: lane,
    by,
    why: z.string().trim().min(1, 'say why in your words: whoever is asked reads it').max(1000),
  }),
  z.strictObject({ kind: z.literal('thaw'), lane, by }),
  z.strictObject({ kind: z.literal('freeze'), lane, by, until: z.number() }),
])
const onPaper = z.strictObject({
  event: z.unknown().refine((event) => event !== undefined, 'send the event under `event`'),
  objects: z
    .array(z.strictObject({ bucket: z.string().min(3), key: z.string().min(1).max(1024), text: z.string() }))
    .max(100)
    .default([]),
})

/** What a person does. */
export const actingRoutes = (app: Hono, served: Served): void => {
  const { house, tour } = served
  app.post('/api/plans/:id/answers', async (context) => {
    const body = await acting(context, planAnswer)
    if (isProblem(body)) return refuse(context, body)
    const { choice, ...said } = body.value
    const nobody = await whyNobody(house, said.by)
    if (nobody !== null) return refuse(context, nobody)
    const id = context.req.param('id')
    const question = (await runOf(house.ports.ledger, id, house.ports.clock.now()))?.run.question
    if (question == null)
      return refuse(context, { status: 404, error: 'no-question', detail: await asksNothing(house, id) })
    const button = buttonOf(question, choice)
    if (button === null)
      return refuse(context, { status: 404, error: 'no-choice', detail: choicesText(question, String(choice)) })
    const { status, body: told } = await house.answer(button, said)
    return context.json(
      'recorded' in told ? { ...told, ...tookOf(question, button, said.verdict) } : told,
      status as 200,
    )
  })
  app.post('/api/questions/:id/answers', async (context) => {
    const body = await acting(context, answer)
    if (isProblem(body)) return refuse(context, body)
    const nobody = await whyNobody(house, body.value.by)
    if (nobody !== null) return refuse(context, nobody)
    const { status, body: said } = await house.answer(context.req.param('id'), body.value)
    return context.json(said, status as 200)
  })
  app.post('/api/commands', async (context) => {
    const body = await acting(context, command)
    if (isProblem(body)) return refuse(context, body)
    const done = await house.command(body.value)
    return context.json(done, done.ok ? 200 : 422)
  })
  app.post('/api/plan', async (context) => {
    const body = await acting(context, onPaper)
    if (isProblem(body)) return refuse(context, body)
    return context.json(await house.planOnPaper(body.value.event, body.value.objects))
  })
  app.post('/api/tour', async (context) =>
    context.json((await tour?.()) ?? { ok: false, detail: 'there is no tour here' }),
  )
}

/** Who is no person as Slack names them is told whom the policy calls so; null: it is one. */
const whyNobody = async ({ ports }: Served['house'], by: string): Promise<Problem | null> => {
  if (A_PERSON.test(by)) return null
  const policy = await ports.policies.load().catch(() => null)
  const meant = policy === null ? '' : meantText(by, policy.approvals.approvers)
  return { status: 400, error: 'bad-body', detail: `by: a person is \`TEAM/USER\`, as in approvals.approvers${meant}` }
}

/** Digits of a digest that name it. */
const DIGITS = 8

/** The button of what is chosen, by its name or by what of its digest is said; null: the question is about no such thing. */
const buttonOf = ({ id, digest, choices = [] }: Question, choice: string | undefined): string | null => {
  const all = [{ name: DEFAULT, id, digest }, ...choices]
  const named = (one: (typeof all)[number]): boolean =>
    one.name === choice || (String(choice).length >= DIGITS && one.digest.startsWith(String(choice)))
  return choice === undefined ? id : (all.find(named)?.id ?? null)
}

/** Which of several ways was taken, and at most at what price; and the others. Nothing where there is one, or the answer is of all. */
const tookOf = (
  { id, bounds, choices = [] }: Question,
  button: string,
  verdict: 'approve' | 'deny',
): { took: { name: string; atMost: number; others: string[] } } | Record<string, never> => {
  const all = [{ name: DEFAULT, id, bounds }, ...choices]
  const took = verdict === 'approve' && all.length > 1 ? all.find((one) => one.id === button) : undefined
  if (took === undefined) return {}
  const others = all.flatMap(({ name }) => (name === took.name ? [] : [name]))
  return { took: { name: took.name, atMost: took.bounds.dollars, others } }
}

const choicesText = ({ digest, choices = [] }: Question, choice: string): string =>
  `it asks about no ${choice}; about ${[{ name: DEFAULT, digest }, ...choices].map((one) => `${one.name} (${one.digest.slice(0, 12)})`).join(', ')}`

/** Most plans that a refusal names. */
const NAMED = 10

/** Whoever names something that asks nothing is told what does. */
const asksNothing = async ({ ports }: Served['house'], id: string): Promise<string> => {
  const asking = (await everyLane(ports.ledger)).flatMap((doc) =>
    doc.run !== null && openQuestion(doc) !== null ? [runName(doc, doc.run)] : [],
  )
  return `plan ${id} asks nothing; ${asking.length === 0 ? 'nor does any other' : `what asks: ${asking.slice(0, NAMED).join(', ')}`}`
}

const acting = async <S extends z.ZodType>(context: Context, schema: S): Promise<{ value: z.output<S> } | Problem> => {
  const read = await readJson(context.req.raw)
  if (isProblem(read)) return read
  const parsed = schema.safeParse(read.value)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  return { status: 400, error: 'bad-body', detail: `${issue?.path.join('.') || 'the body'}: ${issue?.message}` }
}
