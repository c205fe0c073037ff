const nested = (open: string, close: string): string => `${open.repeat(5000)}${close.repeat(5000)}`
const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Bodies that no producer sends, whatever route or door they come to: each is no event, no command and no answer of anybody. */
export const HOSTILE: readonly (readonly [string, Uint8Array])[] = [
  ['none', bytes('')],
  ['null', bytes('null')],
  ['a number', bytes('5')],
  ['a text', bytes('"x"')],
  ['an empty list', bytes('[]')],
  ['a list of null', bytes('[null]')],
  ['no field', bytes('{}')],
  ['half an object', bytes('{"a":')],
  ['lists 5,000 deep', bytes(nested('[', ']'))],
  ['objects 5,000 deep', bytes(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)],
  [
    '5,000 deep in a field',
    bytes(`{"name":${nested('[', ']')},"source":${nested('[', ']')},"by":${nested('[', ']')}}`),
  ],
  ['5,000 deep and never closed', bytes('[{"a":'.repeat(5000))],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['half a character', Buffer.from([0x22, 0xf0, 0x9f, 0x22])],
  ['a key twice', bytes('{"source":"a","source":"b","kind":"retry","kind":"cancel"}')],
  ['a prototype', bytes('{"__proto__":{"polluted":true,"kind":"retry","lane":"x","by":"x"}}')],
  ['a prototype by its constructor', bytes('{"constructor":{"prototype":{"polluted":true}}}')],
  ['a number that is none', bytes('{"until":1e999,"size":-1e999}')],
  ['half a surrogate', bytes('{"lane":"\\ud800","source":"\\udfff"}')],
  ['a key of zeros', bytes('{"\\u0000":"\\u0000"}')],
  ['5,000 keys', bytes(JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, 1]))))],
  ['a form', bytes('payload=%7B%22type%22%3A%22block_actions%22%7D&by=x')],
  ['parts of a form', bytes('--x\r\ncontent-disposition: form-data; name="payload"\r\n\r\n{}\r\n--x--\r\n')],
]

/** More than any route or door takes. Bytes. */
export const TOO_MUCH = 4 * 1024 * 1024 + 1

/** What is said of a body decides nothing. */
export const TYPES = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']
