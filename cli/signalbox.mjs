#!/usr/bin/env node
// Plain JavaScript on purpose: it must run on a Node that is too old for the rest, to say so or to find a newer one.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isNewEnough, tooOldMessage } from './node-version.mjs'

/** Set for the child, so that a Node that is not what its package says is not started again and again. */
const ONCE = 'SIGNALBOX_NODE_FOUND'

/** The Node that comes with the package on Linux, null elsewhere and when optional packages were left out. */
const bundledNode = () => {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`)
    const node = join(dirname(manifest), 'bin', 'node')
    return existsSync(node) ? node : null
  } catch {
    return null
  }
}

const giveUp = () => {
  process.stderr.write(tooOldMessage(process.versions.node))
  process.exitCode = 1
}

/** Runs the same command on another Node and ends as it ends: with its exit code, or by the same signal. */
const runOn = (/** @type {string} */ node) => {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [ONCE]: '1' },
  })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well: a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  child.on('error', giveUp)
  child.on('exit', (code, signal) => {
    if (signal === null) return process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Two features that we rely on are called experimental by some of the versions that we run on; other warnings stay. */
const hushKnownWarnings = () => {
  const [usual] = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && /Type Stripping|SQLite/i.test(warning.message)) return
    usual?.(warning)
  })
}

/** Who reads what we print may have seen enough (`| head`): what was asked is carried out all the same, to its own exit code. */
const outliveReaders = () => {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== 'EPIPE') throw error
    })
}

const node = isNewEnough(process.versions.node) || process.env[ONCE] !== undefined ? null : bundledNode()
if (isNewEnough(process.versions.node)) {
  hushKnownWarnings()
  outliveReaders()
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else if (node === null) giveUp()
else runOn(node)
