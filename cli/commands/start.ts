import { spawn } from 'node:child_process'
import { startProduct } from '../../local/main.ts'
import { EXIT, Explained, type Output } from '../output.ts'

export interface StartFlags {
  port: string
  data: string
  config: string
  speed: string
  open?: boolean
}

/** Runs the product until Ctrl-C. */
export const start = async (flags: StartFlags, version: string, output: Output): Promise<number> => {
  const port = whole('--port', flags.port, 65535)
  const speed = Number(flags.speed)
  if (!(speed > 0 && speed <= 100_000))
    throw new Explained('--speed is a number of virtual seconds a second, more than 0', EXIT.usage)
  const product = await startProduct({ port, dataDir: flags.data, configFile: flags.config, speed, version }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
        throw new Explained(`port ${port} is taken: choose another with --port, or 0 for any free one`)
      throw error
    },
  )
  output.out(output.json ? JSON.stringify({ url: product.url, data: flags.data, speed }) : welcome(product.url, flags))
  if (flags.open) openBrowser(product.url)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await product.close()
  return EXIT.ok
}

const welcome = (url: string, { data, speed }: StartFlags): string => `Signalbox is ready: ${url}
Data in ${data} · ${speed === '1' ? 'real time' : `${speed} virtual seconds a second`} · Ctrl-C stops it; nothing is lost.

Three things to try:
  1. Open ${url} and press Tour.
  2. npx signalbox emit dataset-uploaded/base${where(data)}
     an S3 event through the real door; a small dataset is laid down for it
  3. npx signalbox plans${where(data)}
     what it came to; then: npx signalbox trace train/support-chats${where(data)}`

const where = (data: string): string => (data === '.signalbox' ? '' : ` --data ${data}`)

const whole = (flag: string, text: string, most: number): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new Explained(`${flag} is a whole number from 0 to ${most}, not ${text}`, EXIT.usage)
  return value
}

/** Best effort: the address is printed either way. */
const openBrowser = (url: string): void => {
  const command = process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open'
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}
