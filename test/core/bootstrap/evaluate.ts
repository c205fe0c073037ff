/** Evaluates the part of CEL that is used here, which JavaScript nearly shares. test/real/access asks a real server. */
export const evaluate = (expression: string, given: { object: object; oldObject: object | null }): boolean => {
  const js = expression
    .replace(/dyn\(([\w.]+)\)\[k\] == dyn\(([\w.]+)\)\[k\]/g, '$1[k] === $2[k]')
    .replace(
      /(?:dyn\(([\w.]+)\)|((?:[\w.]|\(','\))+))\.(all|exists)\((\w), /g,
      (_, dyn, plain, all, each) => `${all}(${dyn ?? plain}, (${each}) => `,
    )
    .replace(/k in dyn\(([\w.]+)\)/g, 'k in $1')
    .replace(/has\(([\w.]+)\)/g, '($1 !== undefined)')
  const keys = (over: object) => (Array.isArray(over) ? over : Object.keys(over)) as string[]
  const all = (over: object, holds: (key: string) => boolean) => keys(over).every(holds)
  const exists = (over: object, holds: (key: string) => boolean) => keys(over).some(holds)
  const judge = new Function('object', 'oldObject', 'all', 'exists', `return Boolean(${js})`)
  return judge(given.object, given.oldObject, all, exists) as boolean
}
