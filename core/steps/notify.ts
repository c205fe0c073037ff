import type { NotifyStep, Plan } from '../plan.ts'

/** The card of a notify step, in the shape of the chat port's card. `registered`: the version that what was made is in the registry. */
export const notifyCard = (step: NotifyStep, plan: Plan, registered: string | null = null) => ({
  title: step.text,
  facts: [
    { label: 'Lane', value: plan.lane },
    { label: 'Plan', value: plan.id },
    // Of what was there already this is the old one.
    ...(registered === null ? [] : [{ label: 'Version', value: registered }]),
  ],
  lines: [],
  question: null,
  tone: 'good' as const,
})
