import type { NotifyStep, Plan } from '../plan.ts'

/** The card of a notify step, in the shape of the chat port's card. */
export const notifyCard = (step: NotifyStep, plan: Plan) => ({
  title: step.text,
  facts: [
    { label: 'Lane', value: plan.lane },
    { label: 'Plan', value: plan.id },
  ],
  lines: [],
  question: null,
  tone: 'good' as const,
})
