import { linesOf, roomOf, type Tree } from './rules.ts'

/** What a reader asks of a code base at a glance, by room. */
export const summaryOf = (tree: Tree): string[] => {
  const rooms = Map.groupBy(tree, ([file]) => roomOf(file))
  const rows = [...rooms]
    .filter(([room]) => !room.includes('.'))
    .map(([room, files]) =>
      rowOf(
        room,
        files.map(([, source]) => source),
      ),
    )
  const product = sumOf(tree, (room) => !['test', 'bench', 'scripts'].includes(room))
  const ratio = product === 0 ? 0 : sumOf(tree, (room) => room === 'test') / product
  return [['room', 'files', 'median', 'longest', 'comments'], ...rows]
    .map((cells) => cells.map((cell, index) => (index === 0 ? cell.padEnd(10) : cell.padStart(9))).join(''))
    .concat(`test lines for a line of the product: ${ratio.toFixed(1)}`)
}

const rowOf = (room: string, sources: string[]): string[] => {
  const lengths = sources.map(linesOf).sort((a, b) => a - b)
  const all = lengths.reduce((sum, length) => sum + length, 0)
  const comments = sources
    .flatMap((source) => source.split('\n'))
    .filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line)).length
  return [
    room,
    sources.length,
    lengths[lengths.length >> 1] ?? 0,
    lengths.at(-1) ?? 0,
    `${Math.round((100 * comments) / all)} %`,
  ].map(String)
}

const sumOf = (tree: Tree, wanted: (room: string) => boolean): number =>
  [...tree].filter(([file]) => wanted(roomOf(file))).reduce((sum, [, source]) => sum + linesOf(source), 0)
