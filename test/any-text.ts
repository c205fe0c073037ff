import fc, { type StringConstraints } from 'fast-check'

/** Any code point but half a surrogate pair. */
const codePoint = fc
  .integer({ min: 0, max: 0x10_ff_ff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd8_00 ? n : n + 0x800))

/** Text of any characters. `unit: 'binary'` says the same, and makes a map of a million code points each time that it is said. */
export const anyText = (constraints: Omit<StringConstraints, 'unit'> = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: codePoint })
