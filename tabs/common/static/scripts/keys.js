// The keyboard, where Gradio leaves it alone: lists close when the focus leaves them, arrows move between tabs, Ctrl+Enter makes
// what the form describes. And ages that move on.
Object.assign(greenroom, (() => {
  document.addEventListener('focusout', event => {
    const box = event.target
    if (!(box instanceof HTMLInputElement) || box.getAttribute('role') !== 'combobox' && box.getAttribute('role') !== 'listbox') return
    setTimeout(() => { if (document.activeElement !== box) box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })) })
  })

  const shown = element => element.offsetParent !== null
  document.addEventListener('keydown', event => {
    const tab = event.target.closest && event.target.closest('[role=tab]')
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key]
    if (!tab || step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const tabs = [...tab.closest('[role=tablist]').querySelectorAll('[role=tab]')].filter(shown), at = tabs.indexOf(tab)
    const next = Number.isFinite(step) ? tabs[(at + step + tabs.length) % tabs.length] : step < 0 ? tabs[0] : tabs.at(-1)
    event.preventDefault()
    next.focus(); next.click()
  })

  document.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    const form = event.target.closest && event.target.closest('[data-form]')
    const go = form ? form.querySelector('.strong') : [...document.querySelectorAll('.dock button.primary')].find(shown)
    if (!go) return
    event.preventDefault()
    // What was typed in the last moments is on its way to Gradio.
    if (document.activeElement) document.activeElement.dispatchEvent(new Event('change', { bubbles: true }))
    setTimeout(() => go.click(), 60)
  })

  // As `ago` in tabs/common/formats.py.
  const ago = seconds => {
    for (const [limit, unit, word] of [[90, 1, 's'], [5400, 60, 'min'], [129600, 3600, 'h']]) {
      if (seconds < limit) return `${Math.round(Math.max(0, seconds) / unit)} ${word} ago`
    }
    return `${Math.round(seconds / 86400)} days ago`
  }
  setInterval(() => document.querySelectorAll('time[data-at]').forEach(time => {
    const now = ago(Date.now() / 1000 - Number(time.dataset.at))
    if (shown(time) && time.textContent !== now) time.textContent = now
  }), 5000)

  // Gradio names its drop zones in other words than those that stand in them; who speaks to the page says what is seen.
  const plain = text => text.replace(/\s+/g, ' ').trim()
  setInterval(() => document.querySelectorAll('.block button[aria-label]').forEach(zone => {
    const seen = plain(zone.textContent)
    if (!zone.querySelector('input[type=file]') && !zone.querySelector('.wrap') || !seen || zone.getAttribute('aria-label').includes(seen)) return
    const label = zone.closest('.block').querySelector('label')
    zone.setAttribute('aria-label', plain(`${label ? label.textContent : ''} ${seen}`))
  }), 1000)

  // Screen readers hear of the job in front when its state changes and at each quarter, not at each redraw of its card.
  const announced = new Map()
  const announce = element => {
    const brief = element.querySelector('.brief')
    if (!brief) return
    const stop = element.closest('.dock')?.querySelector('button[id$="stop"]')
    if (stop) stop.classList.toggle('idle', brief.classList.contains('ended'))  // with a finished job in front it has nothing to end
    const { job, state, percent } = brief.dataset, quarter = state === 'running' ? Math.floor(Number(percent) / 25) * 25 : 0
    const now = `${job} ${state} ${quarter}`, before = announced.get(element.id)
    announced.set(element.id, now)
    const said = document.querySelector('#said')
    if (!said || before === undefined || before === now) return
    said.textContent = `${brief.querySelector('.clip').textContent}: ${quarter ? `${quarter} per cent` : state}.`
  }
  return { announce }
})())
