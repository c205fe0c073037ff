import type { Change } from '../core/lane/change.ts'
import { changed } from '../core/lane/change.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { seesStanding, withSeenStanding } from '../core/lane/falling.ts'
import { passesNow } from '../core/lane/retiring.ts'
import { kindOf, ruleFor } from '../core/lane-kinds/catalogue.ts'
import type { Policy } from '../core/policy.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import type { IdentityRow } from '../core/rows.ts'
import { observe, type Seen } from './observe.ts'
import type { WorkPorts } from './ports.ts'
import { paperView } from './view.ts'

interface Known {
  policy: Policy
  reactions: readonly Reaction[]
  self: IdentityRow | null
  seen(): Promise<Seen>
}

/**
 * Whether a lane that no rule is about holds other GPUs than what is seen to stand of it: nothing asks its source any more, so nobody
 * else would find what somebody has taken away, or scaled, by hand (law 10); or whether what refused its retirement is gone.
 */
export const holdsOtherwise = async (
  ports: WorkPorts,
  { policy, reactions, self, seen }: Known,
  doc: LaneDocument,
): Promise<boolean> => {
  const kind = kindOf(
    reactions.map((reaction) => reaction.kind),
    doc.lane,
  )
  if (kind === undefined || !seesStanding({ doc, kind }) || ruleFor(kind, doc.lane, policy) !== null) return false
  const view = paperView({ policy, doc, kind, reactions, now: ports.clock.now(), self }, [])
  const same: Change = changed(doc)
  const looked = { ...view, world: await observe(ports, view, await seen()) }
  return withSeenStanding(looked, same) !== same || passesNow(looked)
}
