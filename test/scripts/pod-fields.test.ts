import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { podFields, podFieldsFile } from '../../scripts/pod-fields.ts'

it('what core knows of a pod’s fields is what the client’s types say: `node scripts/pod-fields.ts` writes it anew', () => {
  expect(readFileSync(new URL('../../core/policy/pod-fields.json', import.meta.url), 'utf8')).toBe(podFieldsFile())
})

it('follows every type to its end, and none twice', () => {
  const fields = podFields()
  const named = Object.values(fields).flatMap((line) => line.split(' ').map((field) => field.split(':')[1] ?? 'string'))
  const single = ['string', 'number', 'boolean', 'IntOrString', 'any', 'map']
  const types = new Set(named.map((type) => type.replace(/[[\]{}]/g, '')))
  expect([...types].filter((type) => !single.includes(type) && fields[type] === undefined)).toEqual([])
  expect(fields['Toleration']).toBe('effect key operator tolerationSeconds:number value')
})
