// The settings of the page (tabs/system/settings.py): a field is saved when it is left, by the public call. What went wrong stands at
// the field until it is put right; a drawing that comes meanwhile, also of what another page changed, leaves alone what is being
// written and where the focus is.
Object.assign(greenroom, (() => {
  const wrong = new Map(), tried = new Map() // by setting: what is wrong with what stands there, and that; by call: what a test told
  let root = null, ask = null, saving = Promise.resolve(), held = null
  const fields = () => [...root.querySelectorAll('[data-setting]')]
  const field = name => fields().find(one => one.dataset.setting === name)
  const shown = one => one.type === 'checkbox' ? one.checked : one.value
  const first = one => one.type === 'checkbox' ? one.defaultChecked : one.tagName === 'SELECT' ? [...one.options].find(option => option.defaultSelected)?.value : one.defaultValue
  const put = (one, value) => { if (one.type === 'checkbox') one.checked = value; else one.value = value }
  const meant = one => {
    const text = String(shown(one)).trim()
    switch (one.dataset.kind) {
      case 'truth': return one.checked
      case 'number': return text === '' ? null : Number(text)
      case 'lines': return text.split('\n').map(line => line.trim()).filter(Boolean)
      case 'path': case 'secret': return text || null
      default: return text
    }
  }
  const call = async (name, body = {}) => {
    const answer = await fetch(`api/v1/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const told = await answer.json().catch(() => ({}))
    if (!answer.ok) throw new Error(told.detail || 'The studio did not answer.')
    return told
  }
  let told = '' // what was said last: it stays in its place when the piece is drawn anew
  const say = text => { told = text; const said = root.querySelector('[data-said]'); if (said && said.textContent !== told) said.textContent = told }
  const paint = () => {
    for (const one of fields()) {
      const problem = root.querySelector(`[data-problem="${one.dataset.setting}"]`), told = wrong.get(one.dataset.setting)
      if (problem.textContent !== (told?.sentence || '')) problem.textContent = told?.sentence || ''
      problem.hidden = !told
      told ? one.setAttribute('aria-invalid', 'true') : one.removeAttribute('aria-invalid')
    }
    for (const place of root.querySelectorAll('[data-tried]')) {
      const { sentence = '', bad = false } = tried.get(place.dataset.tried) || {}
      if (place.textContent !== sentence) place.textContent = sentence
      place.className = bad ? 'problem' : 'soft'
    }
  }
  const save = (name, value, label) => {
    saving = saving.then(async () => {
      try {
        await call('update_settings', { settings: { [name]: value } })
        wrong.delete(name)
        if (name === 'page.first_run' && value) greenroom.showFirstRun()
        say(`${label} is saved.`)
        const one = field(name)
        // What stands there now is what is kept, until the drawing comes; a token is not kept in the page.
        if (one && one.dataset.kind === 'secret') one.value = ''
        if (ask) ask('click', { act: 'news' })
      } catch (error) {
        const one = field(name)
        wrong.set(name, { sentence: error.message, value: one ? shown(one) : '' })
      }
      paint()
    })
    return saving
  }
  const labelOf = one => (one.closest('label') || root.querySelector(`label[for="${one.id}"]`)).textContent.trim()
  const wireSettings = (element, trigger) => {
    root = element
    ask = trigger
    element.addEventListener('change', event => {
      const one = event.target
      if (one.dataset.setting) save(one.dataset.setting, meant(one), labelOf(one))
    })
    element.addEventListener('input', event => {
      if (wrong.delete(event.target.dataset.setting)) paint()
    })
    element.addEventListener('keydown', event => {
      if (event.key === 'Enter' && event.target.matches('input[data-setting]')) event.target.dispatchEvent(new Event('change', { bubbles: true }))
    })
    element.addEventListener('click', async event => {
      const back = event.target.closest('[data-back]'), test = event.target.closest('[data-try]')
      if (back) {
        const name = back.dataset.back, one = field(name)
        wrong.delete(name)
        await save(name, null, labelOf(one))
        field(name)?.focus({ preventScroll: true })
      }
      if (test && !test.disabled) {
        const name = test.dataset.try
        test.disabled = true
        tried.set(name, { sentence: 'Trying it …' })
        paint()
        await saving
        try {
          const { url, version, device, free_gib: free, node_types: kinds } = await call(name)
          const parts = [`ComfyUI ${version} answers`, url && `at ${url}`, device, free !== null && `${free.toFixed(1)} GiB free`, `${kinds} kinds of node`]
          tried.set(name, { sentence: `${parts.filter(Boolean).join(', ')}.` })
        } catch (error) { tried.set(name, { sentence: error.message, bad: true }) }
        paint()
        const again = root.querySelector(`[data-try="${name}"]`)
        if (again) again.disabled = false
      }
    })
  }
  // Before a drawing takes the place of the last: what is written and not saved, and where the focus is.
  const keepSettings = value => {
    if (!root) return value
    const active = root.contains(document.activeElement) ? document.activeElement : null
    held = {
      written: fields().filter(one => shown(one) !== first(one) && (one === active || wrong.has(one.dataset.setting))).map(one => [one.dataset.setting, shown(one)]),
      focus: active && (active.dataset.setting ? `[data-setting="${active.dataset.setting}"]` : active.dataset.back ? `[data-setting="${active.dataset.back}"]` : active.dataset.try ? `[data-try="${active.dataset.try}"]` : ''),
      at: active && 'selectionStart' in active && active.type !== 'number' ? [active.selectionStart, active.selectionEnd] : null,
    }
    return value
  }
  const settingsDrawn = element => {
    root = element
    for (const [name, value] of held?.written || []) { const one = field(name); if (one) put(one, value) }
    const focus = held?.focus && root.querySelector(held.focus)
    if (focus && document.activeElement !== focus) {
      focus.focus({ preventScroll: true })
      if (held.at && held.at[0] !== null && 'setSelectionRange' in focus) try { focus.setSelectionRange(...held.at) } catch { /* of no kind that has one */ }
    }
    held = null
    say(told)
    paint()
  }
  return { wireSettings, keepSettings, settingsDrawn }
})())
