// The first thing that `npm test` and `npm run check` do: an old Node fails later, in ways that do not name the cause.
import { isNewEnough, tooOldMessage } from '../cli/node-version.mjs'

if (!isNewEnough(process.versions.node)) {
  process.stderr.write(tooOldMessage(process.versions.node))
  process.exitCode = 1
}
