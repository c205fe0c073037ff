import { defineConfig } from 'vitest/config'
import quick from '../vitest.config.ts'

const { test } = quick

/** What is played at one moment after the other, or over many days: deaths, outages, stops, older rows. Else as `npm test`. */
export default defineConfig({
  ...quick,
  test: { ...test, include: ['test/**/*.long.test.ts'], exclude: ['node_modules/**'] },
})
