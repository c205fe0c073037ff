import { datasetIn, type TrainDesired } from '../desired.ts'
import { occasionOf } from '../occasions/catalogue.ts'
import { counted, said } from '../text.ts'
import { shortName } from './pipeline-steps.ts'

/** What it runs on, with its size. */
export const datasetText = (desired: TrainDesired): string =>
  datasetIn(desired) === null
    ? `${trainTitle(desired)}: on no dataset`
    : `${trainTitle(desired)}: ${counted(desired.objects, 'object')}, ${size(desired.bytes)}, named by s3://${desired.bucket}/${desired.key}`

/** A dataset version to run a pipeline on, in the words of a person. */
export const trainTitle = (desired: TrainDesired): string =>
  desired.drift === undefined
    ? `${datasetIn(desired) === null ? 'run' : 'run on'} ${shortName(desired)}${occasionText(desired)}`
    : `run on ${shortName(desired)} once more, since ${said(desired.drift.alert, 100)} fires`

/** What it is run for, behind its title. */
export const occasionText = ({ occasion }: TrainDesired): string =>
  occasion === undefined ? '' : `, ${occasionOf(occasion).titleOf(occasion)}`

/** `3.4 MB`. */
const size = (bytes: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${Math.round((bytes / 1000 ** step) * 10) / 10} ${units[step]}`
}
