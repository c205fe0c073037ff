import { budgetCrossed } from '../events/budget-crossed.ts'
import { defineDoor } from './door.ts'
import { HEAR_AWS, HEAR_PORTS, hearing } from './hearing.ts'

/** A budget that somebody else counts was crossed: our doors put it on our bus. */
export const door = defineDoor({
  name: 'budget-crossed',
  trigger: { kind: 'bus', contract: budgetCrossed },
  ports: HEAR_PORTS,
  kubernetes: [],
  aws: HEAR_AWS,
  handler: hearing(budgetCrossed),
})
