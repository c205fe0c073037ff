import type { Episodes } from '../episodes.ts'
import { said } from '../text.ts'
import type { Before, LaneDocument, Mark, Run } from './document.ts'
import type { Question } from './question.ts'
import type { Vote } from './vote.ts'

/** 32 KB, and room for why the lane rests, which is written beside it. Bytes. */
const MOST = 28 * 1024

/** How short texts for people become, the mildest first: all of each stands on the timeline. Characters. */
const SHORTER = [120, 40, 0]

/**
 * The document as it is stored: at most 32 KB, whatever was said, and by however many; the names alone of a pipeline of twenty-four
 * stages with a gate each may come to 37 KB, where each is as long as it can be. Names, keys, uids and numbers stay as
 * they are; only texts for people are cut, and only where they must be.
 */
export const fitted = (doc: LaneDocument): LaneDocument => {
  let shorter = doc
  for (const most of SHORTER) {
    if (bytesOf(shorter) <= MOST) break
    shorter = shortened(shorter, most)
  }
  return shorter
}

const bytesOf = (doc: LaneDocument): number => Buffer.byteLength(JSON.stringify(doc))

const shortened = (doc: LaneDocument, most: number): LaneDocument => {
  const { run, before, aside, gaveWay, episodes, held, rest } = doc
  return {
    ...doc,
    run: run === null ? null : shortRun(run, most),
    ...shortEnd(doc, most),
    ...(before === undefined ? {} : { before: { ...before, ...shortEnd(before, most) } }),
    ...(aside === undefined ? {} : { aside: { ...aside, ...shortEnd(aside, most) } }),
    ...(gaveWay === undefined ? {} : { gaveWay: shortBefore(gaveWay, most) }),
    ...(episodes === undefined ? {} : { episodes: shortEpisodes(episodes, most) }),
    held: held === null ? null : { ...held, detail: said(held.detail, most + DETAILS) },
    rest: rest === null ? null : { ...rest, text: said(rest.text, most + DETAILS) },
  }
}

const shortBefore = ({ gaveWay, ...before }: GaveWay, most: number): GaveWay => ({
  ...before,
  ...shortEnd(before, most),
  ...(gaveWay === undefined ? {} : { gaveWay: shortBefore(gaveWay, most) }),
})

type GaveWay = NonNullable<LaneDocument['gaveWay']>

const shortEpisodes = (episodes: Episodes, most: number): Episodes =>
  Object.fromEntries(
    Object.entries(episodes).map(([place, episode]) => [
      place,
      { ...episode, text: most === 0 ? '' : said(episode.text, most) },
    ]),
  )

const shortEnd = ({ approved, outcome }: Before, most: number): Pick<Before, 'approved' | 'outcome'> => ({
  approved: approved === null ? null : { ...approved, question: shortQuestion(approved.question, most) },
  outcome: outcome === null ? null : { ...outcome, detail: said(outcome.detail, most + DETAILS) },
})

/** What ended a run is kept a little longer than the rest. */
const DETAILS = 100

const shortRun = (run: Run, most: number): Run => ({
  ...run,
  steps: run.steps.map((mark) => shortMark(mark, most)),
  question: run.question === null ? null : shortQuestion(run.question, most),
  ending: run.ending === null ? null : { ...run.ending, detail: said(run.ending.detail, most + DETAILS) },
})

const shortMark = (mark: Mark, most: number): Mark => ({
  ...mark,
  title: said(mark.title, Math.max(most, 40)),
  note: most === 0 ? '' : said(mark.note, most),
  ...(mark.lost === undefined ? {} : { lost: { ...mark.lost, note: said(mark.lost.note, Math.max(most, 40)) } }),
  ...(mark.died === undefined ? {} : { died: { ...mark.died, note: said(mark.died.note, Math.max(most, 40)) } }),
})

const shortQuestion = (question: Question, most: number): Question => ({
  ...question,
  votes: shortVotes(question.votes, most),
  ...(question.choices === undefined
    ? {}
    : { choices: question.choices.map((choice) => ({ ...choice, votes: shortVotes(choice.votes, most) })) }),
})

const shortVotes = (votes: readonly Vote[], most: number): Vote[] =>
  votes.map((vote) => ({
    ...vote,
    reason: vote.reason === null || most === 0 ? null : said(vote.reason, most),
  }))
