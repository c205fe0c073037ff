import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { goViolationsOf } from './house/go.ts'
import { violationsOf } from './house/rules.ts'
import { summaryOf } from './house/summary.ts'
import { goTreeOf, treeOf } from './house/tree.ts'

const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)))
const tree = treeOf(root)
const violations = [...violationsOf(tree), ...goViolationsOf(goTreeOf(root))]
for (const violation of violations) console.error(violation)
console.log(summaryOf(tree).join('\n'))
console.log(
  violations.length === 0
    ? `house: ${tree.size} files, all in their rooms`
    : `house: ${violations.length} lines or files are in the wrong place`,
)
process.exitCode = violations.length === 0 ? 0 : 1
