import { lane } from '../../scripts/lane.ts'
import { playAll } from '../journeys/outage.ts'

/** Each far side, away for each length from each moment of a dataset's and a promotion's way on: the same comes of it as without. */
await lane((check) => playAll(check, ['dataset', 'promotion']))
