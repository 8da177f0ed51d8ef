// Presses of drawn pieces and of buttons. None is lost and none is counted for another button: what a button said when it was
// pressed counts, however its piece is drawn anew meanwhile. They reach the studio in the order in which they were made; one that
// touches what an earlier one touches waits for its answer, so that no answer comes over a later choice. News never stand in
// between: they are asked for through another event, "input" (tabs/common/presses.py).
Object.assign(greenroom, (() => {
  const { toggleAudition, copyText, reveal, closeForm, goTo } = greenroom
  const waiting = [], underway = []

  // By name of a piece or button: the components that its presses may change; null where nobody listens to it.
  const touched = {}
  const touchedBy = name => {
    if (touched[name] === undefined) {
      const { components, dependencies } = window.gradio_config, piece = components.find(one => one.props.elem_id === name)
      const heard = dependencies.filter(one => one.targets.some(([id, event]) => id === piece?.id && event === 'click'))
      touched[name] = heard.length ? new Set([name, ...heard.flatMap(one => [...one.outputs])]) : null
    }
    return touched[name]
  }
  const apart = (one, others) => others.every(other => ![...one.touches].some(part => other.touches.has(part)))
  const sendNext = () => {
    for (let at = 0; at < waiting.length; at++) {
      const press = waiting[at]
      if (!apart(press, underway) || !apart(press, waiting.slice(0, at))) continue
      waiting.splice(at--, 1)
      underway.push(press)
      press.send()
    }
  }
  // Every listener of the piece has answered its press, and what they said is in its place.
  const answered = name => {
    if (name === 'acts') greenroom.readAnew()
    const at = underway.findIndex(press => press.name === name)
    if (at < 0) return
    underway.splice(at, 1)
    sendNext()
  }
  // A piece's `trigger`. `together`: its presses change nothing that others of them read, and take long: they do not wait.
  const inOrder = (element, trigger, together) => (event, data) => {
    const name = element.parentElement.closest('.block').id, touches = touchedBy(name)
    if (data.act === 'news') trigger('input', data)
    else if (together || !touches) trigger('click', data)
    else {
      waiting.push({ name, touches, send: () => trigger('click', data) })
      sendNext()
    }
  }
  // Gradio's own buttons. A double click on one that begins something is one press.
  let passing = false // a press that has waited is made anew
  document.addEventListener('click', event => {
    const button = event.target.closest && event.target.closest('button[id]'), touches = button && touchedBy(button.id)
    if (passing || !touches) return
    const press = { name: button.id, touches, send: () => { passing = true; document.getElementById(button.id)?.click(); passing = false } }
    const twice = event.detail > 1 && button.classList.contains('primary')
    if (!twice && apart(press, underway) && apart(press, waiting)) { underway.push(press); return }
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!twice) waiting.push(press)
  }, true)
  // A press that Gradio let go of unanswered, as when its button was gone, holds nobody up: nothing has been asked for a while.
  let asking = 0, idle = 0
  const ask = window.fetch
  window.fetch = async (...asked) => { asking++; try { return await ask(...asked) } finally { asking-- } }
  setInterval(() => {
    idle = underway.length && !asking ? idle + 1 : 0
    if (idle > 2) { idle = 0; underway.length = 0; sendNext() }
  }, 1000)

  // A drawing that begins with a comment tells when it was made; one that is older than what is there is not drawn.
  const drawings = {}
  const newest = (name, value) => {
    const [mark, made] = /^<!--(\d+)-->/.exec(value || '') || ['', '']
    const last = drawings[name] ||= { made: 0, shown: '' }
    if (!made || Number(made) >= last.made) Object.assign(last, { made: Number(made) || last.made, shown: (value || '').slice(mark.length) })
    return last.shown
  }

  // Wire a gr.HTML piece: buttons with data-act send a press with their data; data-confirm asks first.
  const PRESSABLE = ['audition', 'copy', 'reveals', 'close', 'offer', 'goto', 'act'].map(name => `[data-${name}]`).join()
  const wire = (element, trigger) => {
    const act = (button, said) => {
      if (said.audition !== undefined) return toggleAudition(said.audition)
      if (said.copy !== undefined) return copyText(button, element.querySelector(said.copy))
      if (said.reveals !== undefined) return reveal(element, said.reveals)
      if (said.close !== undefined) return closeForm(button.closest('[data-form]'))
      if (said.offer !== undefined) return greenroom.offerText(said.offer, said.words, said.source)
      if (said.goto !== undefined) return goTo(said.goto)
      if (said.confirm && !confirm(said.confirm)) return
      const form = said.takes && button.closest('[data-form]')
      trigger('click', form ? { ...said, text: form.querySelector(said.takes).value } : said)
      if (form) closeForm(form)
      if (said.opens) goTo(said.opens)
    }
    let pressed = null, counted = false // the press that has begun; whether it was counted before its click
    element.addEventListener('pointerdown', event => {
      const button = event.button === 0 ? event.target.closest(PRESSABLE) : null
      pressed = button && { button, said: { ...button.dataset }, place: button.getBoundingClientRect() }
      counted = false
    })
    // Where the piece was drawn anew and the button went away or aside, browsers send no click, or one of what is there now: the
    // release counts when the pointer is still over the button's place.
    element.addEventListener('pointerup', event => {
      if (!pressed || pressed.button.contains(event.target)) return
      const { left, right, top, bottom } = pressed.place, now = pressed.button.getBoundingClientRect()
      const moved = !pressed.button.isConnected || now.left !== left || now.top !== top
      if (moved && event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom) {
        counted = true
        act(pressed.button, pressed.said)
      }
      pressed = null
    })
    element.addEventListener('pointercancel', () => { pressed = null })
    element.addEventListener('click', event => {
      if (counted && event.detail) { counted = false; return }
      const button = event.target.closest(PRESSABLE), began = event.detail && pressed?.button === button ? pressed : null
      pressed = null
      if (button && (began || !button.disabled)) act(button, began ? began.said : { ...button.dataset })
    })
  }
  return { inOrder, answered, newest, wire }
})())
