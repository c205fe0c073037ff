import { sha256Hex } from '../digest.ts'
import { minuteText, said } from '../text.ts'
import type { OccasionKind, Versioned } from './occasion.ts'

/** Longest name of a model, and of a tag with its value, in a sentence. Characters. */
const [NAME, TAG] = [80, 120]

/** A version is there that the policy names. The same with another value of the tag is another. */
export const versioned: OccasionKind<Versioned> = {
  isOwn: true,
  keyOf: ({ model, version, made, tag }) =>
    `version ${version} ${sha256Hex(JSON.stringify([model, made, tag?.key, tag?.value])).slice(0, 16)}`,
  placeOf: ({ model, version }) => placeOfVersion(model, version),
  titleOf: ({ tag }) => (tag === undefined ? 'as it is new' : `as its tag ${tagText(tag)}`),
  reasonsOf: ({ model, version, made, tag }) => [
    `${versionAt(model, version)} was registered ${minuteText(made)}${tag === undefined ? '' : `, and its tag ${tagText(tag)}`}`,
  ],
  setOf: () => ({}),
  sourceOf: ({ model }) => `versions of ${model}`,
}

/** Where a version is, as its reaction names the place. */
export const placeOfVersion = (model: string, version: string): string => `${model} v${version}`

/** `support-llama v7`: a version in a sentence. */
export const versionAt = (model: string, version: string): string => `${said(model, NAME)} v${version}`

const tagText = ({ key, value }: { key: string; value: string }): string => said(`${key} is ${value}`, TAG)
