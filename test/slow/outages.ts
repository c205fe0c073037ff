import { lane } from '../../scripts/lane.ts'
import { outagesOf, playAll } from '../journeys/threads.ts'

/** Each far side, away for each length from each moment of a dataset's and a promotion's way on: the same comes of it as without. */
await lane((check) => playAll(check, outagesOf(['dataset', 'promotion'])))
