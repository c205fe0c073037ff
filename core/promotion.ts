import * as z from 'zod/mini'
import type { Signal } from '../events/contract.ts'
import { filled } from '../events/input.ts'
import { askable, matching } from './policy/fields.ts'

/** Aliases that MLflow keeps for itself, in whatever case. */
const KEPT = /^([Ll][Aa][Tt][Ee][Ss][Tt]|[Vv]\d+)$/

/** What means "serve this" in the registry: exactly one of the three, so that two can never say different things. */
export const promotionFields = {
  /** The version that the alias names. */
  alias: z.optional(
    matching(
      new RegExp(`(?!${KEPT.source})^[A-Za-z0-9_-]+$`),
      'an MLflow alias has letters, digits, `_` and `-`',
      (value) =>
        KEPT.test(value)
          ? 'MLflow keeps `latest` and `v1`, `v2`, … for itself, and nobody can set them: name another alias, `champion`'
          : null,
    ),
  ),
  /** The newest version that carries the tag with this value. */
  tag: z.optional(
    z.strictObject({
      /** The tag's key. */
      key: filled.check(
        z.refine(
          (key) => !key.includes('`'),
          'MLflow cannot be asked about a tag’s key with a backtick: write it without',
        ),
      ),
      /** Its value that means "serve this". */
      value: filled.check(askable),
    }),
  ),
  /** The newest version in the stage. A stage has no webhook: resync finds it, within minutes. */
  stage: z.optional(z.enum(['Staging', 'Production'])),
}
const fields = z.object(promotionFields)
type Fields = z.output<typeof fields>

/** Where the registry says which version to serve. */
export type Promotion =
  | { kind: 'alias'; name: string }
  | { kind: 'tag'; name: string; value: string }
  | { kind: 'stage'; name: string }

/** The promotion signals that a model's rule names: a valid rule names one. */
export const promotionsOf = ({ alias, tag, stage }: Fields): Promotion[] => [
  ...(alias === undefined ? [] : [{ kind: 'alias' as const, name: alias }]),
  ...(tag === undefined ? [] : [{ kind: 'tag' as const, name: tag.key, value: tag.value }]),
  ...(stage === undefined ? [] : [{ kind: 'stage' as const, name: stage }]),
]

/** The one promotion signal of a valid rule. */
export const promotionOf = (rule: Fields): Promotion => {
  const [first] = promotionsOf(rule)
  if (first === undefined) throw new Error('the rule names no alias, tag or stage')
  return first
}

/** Where a signal is, as people write it: `model@alias`, `model#tag`, `model/Stage`. */
export const signalAt = (model: string, { kind, name }: Signal): string =>
  `${model}${{ alias: '@', tag: '#', stage: '/' }[kind]}${name}`
