import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import example from '../../example.ts'
import { cli } from '../running.ts'

describe('the tour in the terminal', () => {
  it('plays its chapters to the ends that they should have, and ends with 0', async () => {
    const { code, out, err } = await cli('tour')
    expect([code, err]).toEqual([0, ''])
    expect(out.match(/^\d · /gm)).toEqual(['1 · ', '2 · ', '3 · ', '4 · ', '5 · ', '6 · ', '7 · ', '8 · '])
    // What the first chapter registered is what the second one serves.
    expect(out).toContain('support-llama v1 in the registry')
    const ends = ['succeeded', 'succeeded', 'failed: gate', ...Array.from({ length: 4 }, () => 'succeeded')]
    expect(out.match(/^ {4}✓ .*? · /gm)).toEqual(ends.map((end) => `    ✓ ${end} · `))
    // What drift had trained anew is served, and nothing is leased while the budget is crossed.
    expect(out).toMatch(/since ModelDriftHigh fires/)
    expect(out).toMatch(/v3 with 2 replicas instead of v1/)
    // What needs nobody by its price is asked about while a rung says so.
    expect(out).toMatch(/^ {4}asked, since ask-always: \$[\d.]+ of nodes have crossed 0\.4 % of ml-monthly/m)
    expect(out).toMatch(/^ {4}✓ cap-pools of ml-monthly lets it have \d+ at most until 2026-12-01 00:00 UTC/m)
    expect(out).not.toContain('✗')
  })

  it('of another policy than the example says what it needs, and plays nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-tour-'))
    const file = join(folder, 'mine.config.mjs')
    writeFileSync(file, `export default ${JSON.stringify({ ...example, pipelines: {} })}`)
    expect(await cli('tour', '--config', file)).toEqual({
      code: 1,
      out: '',
      err: expect.stringContaining('needs the pipeline `support-chats`'),
    })
    rmSync(folder, { recursive: true })
  })
})
