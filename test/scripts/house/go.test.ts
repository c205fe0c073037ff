import { expect, it } from 'vitest'
import { goViolationsOf } from '../../../scripts/house/go.ts'

const wrongs = (file: string, source = ''): string[] => goViolationsOf(new Map([[file, source]]))

it('Go stands in one folder, and nothing else in that', () => {
  expect(wrongs('runner/main.go', 'package main\n')).toEqual([])
  expect(wrongs('runner/go.sum')).toEqual([])
  expect(wrongs('core/main.go')).toEqual([expect.stringContaining('stands in runner/ alone')])
  expect(wrongs('runner/main.ts')).toEqual([expect.stringContaining('is no Go')])
})

it('its files are small and named after what they do', () => {
  const long = 'package x\n'.repeat(300)
  expect(wrongs('runner/store/store.go', long)).toEqual([expect.stringContaining('300 lines')])
  expect(wrongs('runner/store/store_test.go', long)).toEqual([])
  expect(wrongs('runner/utils/x.go')).toEqual([expect.stringContaining('says nothing')])
  expect(wrongs('runner/store/helpers_test.go')).toEqual([expect.stringContaining('says nothing')])
})

it('what is pure touches nothing', () => {
  expect(wrongs('runner/result/result.go', 'import (\n\t"strings"\n\t"os"\n)\n')).toEqual([
    expect.stringContaining('runner/result/result.go:3 imports os'),
  ])
  expect(wrongs('runner/store/store.go', 'import "os"\n')).toEqual([])
})

it('its module is built as it stands, from anywhere', () => {
  expect(wrongs('runner/go.mod', 'module x\n\ngo 1.26.6\n')).toEqual([])
  expect(wrongs('runner/go.mod', 'replace a => ../a\n')).toEqual([expect.stringContaining('replaces a module')])
})
