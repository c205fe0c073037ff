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

const busy = (element) =>
  element.contains(document.activeElement) && ['INPUT', 'SELECT'].includes(document.activeElement.tagName)

// Focus and open details survive a swap: they are found again by their place.
const swap = (element, text) => {
  if (element.dataset.text === text || busy(element)) return
  const open = [...element.querySelectorAll('details')].map((details) => details.open)
  const focus = [...element.querySelectorAll('a, button, summary')].indexOf(document.activeElement)
  element.innerHTML = text
  element.dataset.text = text
  element.querySelectorAll('details').forEach((details, index) => {
    details.open = open[index] ?? false
  })
  if (focus >= 0) element.querySelectorAll('a, button, summary')[focus]?.focus({ preventScroll: true })
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

// Enter in the reason's field answers nothing: only a button that was pressed says yes or no.
document.addEventListener('submit', (event) => {
  if (event.target.closest('form.answer')) event.preventDefault()
})

document.addEventListener('click', async (event) => {
  const button = event.target.closest('form.answer button')
  if (!button) return
  const { form, value: verdict } = button
  const reason = verdict === 'deny' ? form.elements.reason.value.trim() || null : null
  document.activeElement?.blur()
  const answer = await post(`/api/questions/${encodeURIComponent(form.dataset.question)}/answers`, {
    by: document.querySelector('#who').value,
    verdict,
    reason,
  })
  say(
    answer.refused
      ? `It does not count: ${answer.detail}.`
      : answer.recorded
        ? `Recorded: ${answer.recorded}.`
        : (answer.detail ?? 'Something went wrong.'),
  )
  await refresh()
})

document.querySelector('#tour').addEventListener('click', async () => {
  const { detail } = await post('/api/tour', {})
  say(detail)
})

const stream = new EventSource('/api/stream')
stream.addEventListener('changed', () => {
  refresh().catch(() => say('The product does not answer.'))
})
