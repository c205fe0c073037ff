import type { NotifyStep, Plan } from '../plan.ts'

/** The card of a notify step, in the shape of the chat port's card. `said`: the version that what was made is in the registry; `kept`: an attempt before had made it. */
export const notifyCard = (
  step: NotifyStep,
  plan: Plan,
  { said, kept }: { said: string | null; kept: boolean } = { said: null, kept: false },
) => ({
  title: kept ? (step.kept ?? step.text) : step.text,
  facts: [
    { label: 'Lane', value: plan.lane },
    { label: 'Plan', value: plan.id },
    // Of what was there already this is the old one.
    ...(said === null ? [] : [{ label: 'Version', value: said }]),
  ],
  lines: step.hours ?? [],
  question: null,
  tone: 'good' as const,
})
