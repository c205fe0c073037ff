import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { startProduct } from '../../local/main.ts'
import { openBrowser } from '../../scripts/browser.ts'
import { lane } from '../../scripts/lane.ts'
import example from '../example.ts'

/** A person's path through the page in Chromium: tour, approve, deny with a reason, trace; and what axe-core says of it. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SERVE = 'service/support-llama'
const TRAIN = 'pipeline/support-chats'

const violations = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  })

/** The question of the card with this title, once it asks. */
const questionOf = async (page: Page, title: string): Promise<Locator> => {
  const form = page.locator('.card', { hasText: title }).locator('form.answer').first()
  await form.waitFor({ timeout: 20_000 })
  return form
}

/** Approves the card with this title, once it asks. */
const approve = async (page: Page, title: string): Promise<void> => {
  const form = await questionOf(page, title)
  await form.getByRole('button', { name: 'Approve', exact: true }).click()
  await page.locator('#said', { hasText: 'Recorded' }).waitFor({ timeout: 10_000 })
  await page.evaluate("document.querySelector('#said').textContent = ''")
}

const laneState = (page: Page, name: string, state: string) =>
  page.locator('.track', { hasText: name }).locator('.state', { hasText: state })

const upload = (dataDir: string): void => {
  const folder = join(dataDir, 'buckets/acme-datasets/support-chats/by-hand')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'part-0.jsonl'), '{}')
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ version: 1, objects: [{ key: 'support-chats/by-hand/part-0.jsonl', size: 2 }] }),
  )
}

if (process.platform !== 'linux') {
  console.log('the browser that npm installs runs on Linux only')
  console.log('0 passed, 0 failed')
} else
  await lane(async (check) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-browser-'))
    const configFile = join(dataDir, 'ladder.config.json')
    // A rung that the tour's first node crosses, and that keeps nothing back which is not asked about anyway.
    const ladder = [{ at: 0.001, do: 'ask-always' }]
    writeFileSync(configFile, JSON.stringify({ ...example, budget: { ...example.budget, ladder } }))
    const product = await startProduct({
      port: 0,
      dataDir,
      configFile,
      speed: 900,
      version: 'test',
    })
    const browser = await openBrowser()
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('pageerror', (error) => errors.push(String(error)))
    try {
      await check('the empty page says what to try', async () => {
        await page.goto(product.page)
        await page.getByText('No lane yet. To try:').waitFor()
      })
      await check('the tour goes from the dataset to the failed gate, with a person’s three approvals', async () => {
        await page.getByRole('button', { name: 'Tour' }).click()
        await approve(page, 'Fine-tune')
        await approve(page, 'Serve support-llama v1 with 2 replicas')
        await approve(page, 'instead of v1')
        await laneState(page, SERVE, 'failed').waitFor({ timeout: 30_000 })
      })
      await check('Enter behind a reason answers nothing: no word of it is sent', async () => {
        upload(dataDir)
        const reason = (await questionOf(page, 'Fine-tune')).locator('input[name=reason]')
        const asked: string[] = []
        page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`))
        await reason.fill('too dear')
        await reason.press('Enter')
        // Whatever Enter had asked for would have been asked before this.
        await page.evaluate("fetch('/healthz?after-enter')")
        const sent = asked.slice(
          0,
          asked.findIndex((one) => one.endsWith('after-enter')),
        )
        if (sent.some((one) => !one.includes('/fragments'))) throw new Error(`it asked for ${sent.join(', ')}`)
      })
      await check('its question is open still, and is denied with a reason by keyboard alone', async () => {
        const form = await questionOf(page, 'Fine-tune')
        await form.locator('input[name=reason]').fill('not today')
        await form.getByRole('button', { name: 'Deny', exact: true }).press('Enter')
        await laneState(page, TRAIN, 'rejected').waitFor({ timeout: 20_000 })
      })
      const track = page.locator('.track', { has: page.getByRole('link', { name: TRAIN, exact: true }) })
      const button = (words: string) => track.getByRole('button', { name: `${words}: ${TRAIN}` })
      const focused = () =>
        page.evaluate<string>("document.activeElement.dataset.command ?? document.activeElement.dataset.lane ?? ''")
      const hears = async (words: string) => {
        const said = page.locator('#said')
        await said
          .filter({ hasText: words })
          .waitFor({ timeout: 10_000 })
          .catch(async () => {
            throw new Error(`it says “${await said.textContent()}”, not “${words}”`)
          })
        await page.evaluate("document.querySelector('#said').textContent = ''")
      }
      await check('a lane is frozen by keyboard, a second Enter does nothing else, and it is thawed', async () => {
        await button('Freeze 4 h').press('Enter')
        await hears('nothing new begins on')
        await button('Thaw').waitFor()
        if ((await focused()) !== TRAIN) throw new Error(`the focus is at ${await focused()}`)
        await page.keyboard.press('Enter')
        await button('Thaw').click()
        await hears('thawed, and 1 lane woken')
      })
      await check(
        'a rung is asked to be lifted with the reason that is written beside it, and not without',
        async () => {
          // Who asks for it may not approve it.
          await page.locator('#who').selectOption({ label: 'ben' })
          const form = page.locator('form.lift')
          await form.waitFor({ timeout: 20_000 })
          const lift = form.getByRole('button', { name: 'Lift ask-always' })
          await lift.click()
          await page.locator('#said', { hasText: 'Say why first' }).waitFor({ timeout: 10_000 })
          const why = form.getByRole('textbox', { name: 'Why lift it' })
          await why.fill('the demo is on Friday')
          await why.press('Enter')
          await lift.click()
          await page.locator('#said', { hasText: 'people are asked' }).waitFor({ timeout: 10_000 })
          const card = page.locator('.card', { hasText: 'Lift ask-always' }).first()
          await card.getByText('in their words: the demo is on Friday').waitFor({ timeout: 10_000 })
          await page.locator('#who').selectOption({ label: 'ana' })
          await approve(page, 'Lift ask-always')
          await page.locator('.rungs li[data-state="lifted"]').waitFor({ timeout: 10_000 })
        },
      )
      await check('what was rejected is retried, and cancelled while it asks', async () => {
        await button('Retry').click()
        await hears('attempt 2 of generation 2 has started')
        await questionOf(page, 'Approve? Fine-tune')
        await button('Cancel').click()
        await hears('stops before it begins anything')
        await laneState(page, TRAIN, 'cancelled').waitFor({ timeout: 20_000 })
      })
      await check('who presses is who is chosen', async () => {
        const [chosen] = await page.locator('#who option').all()
        await page.selectOption('#who', (await chosen?.getAttribute('value')) ?? '')
        await button('Freeze 4 h').click()
        await page.locator('.timeline', { hasText: 'ana freezes' }).waitFor()
        await button('Thaw').click()
        await hears('thawed')
      })
      await check('a button of what is no longer so reaches nothing, and says it', async () => {
        // The page may be drawn anew at any moment, with what is so by then: a button that was found may be gone when it is pressed.
        const press = () =>
          button('Retry').evaluate((node) => {
            if (!node.isConnected) return false
            node.dataset['command'] = node.dataset['command']?.replace('"attempt":2', '"attempt":1') ?? ''
            node.click()
            return true
          })
        while (!(await press()));
        await hears('you saw generation 2, attempt 1; now it is generation 2, attempt 2: look again')
        // The browser tells its console of each answer that is a refusal.
        errors.splice(0, errors.length, ...errors.filter((one) => !one.includes('status of 422')))
      })
      await check('a lane’s timeline tells it all, the reason too', async () => {
        await page.getByRole('link', { name: TRAIN, exact: true }).first().click()
        await page.locator('.timeline', { hasText: 'not today' }).waitFor()
      })
      for (const [width, colorScheme] of [
        [1280, 'light'],
        [1280, 'dark'],
        [390, 'light'],
        [390, 'dark'],
      ] as const)
        await check(`axe-core finds nothing at ${width} px, ${colorScheme}, and nothing is cut off`, async () => {
          await page.setViewportSize({ width, height: 900 })
          await page.emulateMedia({ colorScheme })
          await page.evaluate(AXE)
          const found = await violations(page)
          if (found.length > 0) throw new Error(found.join('\n'))
          await page.evaluate(
            "document.querySelectorAll('.bar').forEach((bar) => { while (bar.children.length < 128) bar.append(bar.lastElementChild.cloneNode()) })",
          )
          // Of many lanes the list scrolls, and what asks stays near.
          await page.evaluate(
            "document.querySelectorAll('.tracks').forEach((list) => { while (list.children.length < 25) list.append(list.lastElementChild.cloneNode(true)) })",
          )
          const slack = Number(
            await page.evaluate("document.querySelector('#h-chat').getBoundingClientRect().top + scrollY"),
          )
          if (slack > 1000) throw new Error(`the Slack panel is ${slack} px down`)
          const wide = Number(await page.evaluate('document.documentElement.scrollWidth'))
          if (wide > width) throw new Error(`the page is ${wide} px wide`)
        })
      await check('no error on the console', async () => {
        if (errors.length > 0) throw new Error(errors.join('\n'))
      })
      // The last: the console then tells of a server that is not there.
      await check('a product that has stopped is said, and so is a press that nobody takes', async () => {
        const said = page.locator('#said', { hasText: 'does not answer' })
        await product.close()
        await said.waitFor({ timeout: 10_000 })
        await page.evaluate("document.querySelector('#said').textContent = ''")
        await page.getByRole('button', { name: 'Tour' }).click()
        await said.waitFor({ timeout: 10_000 })
      })
    } finally {
      await browser.close()
      await product.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
