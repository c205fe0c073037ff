// Keeps the page live: asks for its fragments when the stream says that something changed, and sends what is pressed.
const { lane } = document.body.dataset

// The address that `signalbox start` prints ends with what lets the buttons act: it never leaves the browser but with them.
if (location.hash.length > 1) {
  sessionStorage.setItem('token', location.hash.slice(1))
  history.replaceState(null, '', location.pathname + location.search)
}
const token = sessionStorage.getItem('token') ?? ''
const said = document.querySelector('#said')
const say = (text) => {
  said.textContent = text
}

// What the page shows is as it stood while the product does not answer, and says so until it does again.
const AWAY = 'The product does not answer: what you see is as it stood. Start it again, and it goes on from there.'
const away = (isAway) => {
  document.body.classList.toggle('stopped', isAway)
  if (isAway) say(AWAY)
  else if (said.textContent === AWAY) say('')
}

const busy = (element) =>
  element.contains(document.activeElement) && ['INPUT', 'SELECT'].includes(document.activeElement.tagName)

// What can have the focus, told apart by what it does: at its place there may be another after a swap, which Enter would press.
const CONTROLS = 'a, button, summary'
const sameAs = (one) => (other) => keyOf(one) === keyOf(other)
const keyOf = (control) =>
  JSON.stringify([
    control.tagName,
    control.getAttribute('href'),
    control.dataset.command,
    control.dataset.question ?? control.form?.dataset.question,
    control.value,
  ])

// Focus and open details survive a swap. A button that is gone leaves the focus with its lane, where Enter does nothing.
const focusOf = (element) => {
  const had = document.activeElement
  if (!element.contains(had) || had === element) return () => undefined
  const at = [...element.querySelectorAll(CONTROLS)].filter(sameAs(had)).indexOf(had)
  const lane = had.closest('[data-lane]')?.dataset.lane
  return () => {
    const again = [...element.querySelectorAll(CONTROLS)].filter(sameAs(had))
    const home = [...element.querySelectorAll('[data-lane]')].find((track) => track.dataset.lane === lane)
    ;(again[at] ?? again[0] ?? home)?.focus({ preventScroll: true })
  }
}

const swap = (element, text) => {
  if (element.dataset.text === text || busy(element)) return
  const open = [...element.querySelectorAll('details')].map((details) => details.open)
  const refocus = focusOf(element)
  element.innerHTML = text
  element.dataset.text = text
  element.querySelectorAll('details').forEach((details, index) => {
    details.open = open[index] ?? false
  })
  refocus()
}

const refresh = async () => {
  const response = await fetch(`/fragments?lane=${encodeURIComponent(lane)}`)
  if (!response.ok) return
  const { fragments } = await response.json()
  for (const element of document.querySelectorAll('[data-fragment]')) swap(element, fragments[element.dataset.fragment])
}

const post = async (path, body) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  if (response.status === 401)
    return { detail: 'Only who started the product may press: open the address that it printed' }
  return response.json()
}

// A press that nobody takes is said, as one that does not count is.
const pressed = (act) => act().catch(() => away(true))

// Enter in a field answers nothing: only a button that was pressed says yes or no.
document.addEventListener('submit', (event) => event.preventDefault())

document.addEventListener('click', (event) => {
  const button = event.target.closest('form.answer button')
  if (!button) return
  const { form, value: verdict } = button
  const reason = verdict === 'deny' ? form.elements.reason.value.trim() || null : null
  document.activeElement?.blur()
  const { question = form.dataset.question } = button.dataset
  const path = `/api/questions/${encodeURIComponent(question)}/answers`
  pressed(async () => {
    const answer = await post(path, { by: document.querySelector('#who').value, verdict, reason })
    say(
      answer.refused
        ? `It does not count: ${answer.detail}.`
        : answer.recorded
          ? `Recorded: ${answer.recorded}.`
          : (answer.detail ?? 'Something went wrong.'),
    )
    await refresh()
  })
})

// A lane's button sends what it showed. A key that is held down presses once.
const SENDING = new Set()
document.addEventListener('keydown', (event) => {
  if (event.repeat && event.key === 'Enter' && event.target.closest('button')) event.preventDefault()
})

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-command]')
  const text = button?.dataset.command
  if (text === undefined || SENDING.has(text)) return
  const { lasts, ...command } = JSON.parse(text)
  const reason = button.form?.elements.why
  if (reason?.value.trim() === '') return say('Say why first: whoever is asked reads it.')
  SENDING.add(text)
  pressed(async () => {
    const by = document.querySelector('#who').value
    const until = lasts === undefined ? undefined : (await now()) + lasts
    const { detail } = await post('/api/commands', { ...command, by, until, why: reason?.value.trim() })
    say(`${command.lane ?? command.rung}: ${detail ?? 'Something went wrong'}.`)
    await refresh()
  }).finally(() => SENDING.delete(text))
})

// The product's time may be a virtual one.
const now = async () => (await (await fetch('/healthz')).json()).health.now

document.querySelector('#tour').addEventListener('click', () => {
  pressed(async () => say((await post('/api/tour', {})).detail))
})

// The browser asks for the stream again for as long as it takes; its first word is that something changed.
const stream = new EventSource('/api/stream')
stream.addEventListener('changed', () => {
  refresh().catch(() => away(true))
})
stream.addEventListener('error', () => away(true))
stream.addEventListener('open', () => away(false))
