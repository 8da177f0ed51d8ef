// The page's own behaviour: colour mode, one shared audition player, the result player, and clicks on drawn buttons.
window.greenroom = (() => {
  const MODE = 'greenroom.mode'
  const applyMode = () => {
    const chosen = localStorage.getItem(MODE)
    const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
    document.documentElement.classList.toggle('dark', dark)
    if (document.body && document.body.classList.contains('dark') !== dark) document.body.classList.toggle('dark', dark)
  }
  const toggleMode = () => {
    const dark = document.body.classList.contains('dark')
    localStorage.setItem(MODE, dark ? 'light' : 'dark')
    applyMode()
  }
  applyMode()
  document.addEventListener('DOMContentLoaded', () => {
    applyMode()
    // Gradio sets the class itself while it mounts; the person's choice wins.
    new MutationObserver(applyMode).observe(document.body, { attributes: true, attributeFilter: ['class'] })
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyMode)

  // One audio element for every small play button, so that redrawing a list never cuts off what is playing.
  const audition = new Audio()
  let playing = null
  const paintAuditions = () => {
    document.querySelectorAll('[data-audition]').forEach(button => {
      const on = button.dataset.audition === playing
      button.setAttribute('aria-pressed', on)
      const use = button.querySelector('use')
      if (use) use.setAttribute('href', on ? '#i-pause' : '#i-play')
      const item = button.closest('.item')
      if (item) item.classList.toggle('now', on)
    })
  }
  const toggleAudition = url => {
    if (playing === url) { audition.pause(); playing = null } else {
      document.querySelectorAll('.player audio').forEach(a => a.pause())
      playing = url; audition.src = url
      audition.play().catch(() => { playing = null; paintAuditions() })
    }
    paintAuditions()
  }
  audition.addEventListener('ended', () => {
    const buttons = [...document.querySelectorAll('[data-audition][data-chain]')]
    const at = buttons.findIndex(button => button.dataset.audition === playing)
    playing = null
    if (at >= 0 && at + 1 < buttons.length) toggleAudition(buttons[at + 1].dataset.audition); else paintAuditions()
  })

  // The clipboard needs https or localhost; elsewhere the text is at least selected.
  const copyText = (button, box) => {
    box.select()
    const said = button.querySelector('span'), before = said.textContent
    const done = word => { said.textContent = word; setTimeout(() => { said.textContent = before }, 1500) }
    if (navigator.clipboard) navigator.clipboard.writeText(box.value).then(() => done('Copied'), () => done('Selected'))
    else done(document.execCommand('copy') ? 'Copied' : 'Selected')
  }

  // What a button brings up may stand outside the window: go there as soon as it is shown.
  const goTo = (selector, patience = 40) => {
    const target = [...document.querySelectorAll(selector)].find(one => one.offsetParent !== null)
    if (target) { target.scrollIntoView({ block: 'center' }); target.focus() } else if (patience) setTimeout(goTo, 100, selector, patience - 1)
  }

  // Forms in rows: a button brings one up beside its row, what is written in it outlasts a redraw, Escape closes it. A form is
  // of one job, and is not there while another is in front.
  const written = new Map(), opened = new Map(), TWICE = 500
  const keyOf = form => `${form.dataset.of} ${form.dataset.form}`
  const reveal = (element, name) => {
    const form = element.querySelector(`[data-form="${CSS.escape(name)}"]`), field = form.querySelector('textarea')
    // A press that is counted twice, by a list drawn anew under it or by a double click, must not close what it opened.
    if (!form.hidden) { if (performance.now() - (opened.get(keyOf(form)) || 0) > TWICE) closeForm(form); return }
    form.hidden = false
    opened.set(keyOf(form), performance.now())
    written.set(keyOf(form), field.value)
    form.scrollIntoView({ block: 'nearest' })
    field.focus()
  }
  const closeForm = form => {
    written.delete(keyOf(form))
    const back = form.parentElement.querySelector(`[data-reveals="${CSS.escape(form.dataset.form)}"]`)
    form.querySelector('textarea').value = form.querySelector('textarea').defaultValue
    form.hidden = true
    if (back) back.focus({ preventScroll: true })
  }
  let writing = ''
  document.addEventListener('focusin', event => { writing = event.target.closest('[data-form]') ? keyOf(event.target.closest('[data-form]')) : '' })
  document.addEventListener('input', event => {
    const form = event.target.closest && event.target.closest('[data-form]')
    if (form) written.set(keyOf(form), event.target.value)
  })
  const keepEdits = element => element.querySelectorAll('[data-form]').forEach(form => {
    if (!written.has(keyOf(form))) return
    form.hidden = false
    form.querySelector('textarea').value = written.get(keyOf(form))
    if (writing === keyOf(form)) form.querySelector('textarea').focus({ preventScroll: true })
  })
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !event.target.closest) return
    const drawn = event.target.closest('[data-form]'), form = event.target.closest('#edit-voice')
    if (drawn) closeForm(drawn)
    const close = form && [...form.querySelectorAll('button')].find(button => button.textContent.trim() === 'Close')
    if (close) close.click()
  })

  // Answers come in any order. A drawing of a tab's job begins with a comment: whether a person chose that job with it, when it was
  // drawn, and which job and page it shows. What is older than the choice or the last drawing, or shows another job, is not drawn.
  const fronts = {}
  const inFront = (view, piece, value) => {
    const front = fronts[view] ||= { chosen: 0, shows: null, made: {}, drawn: {} }
    const [mark, choice, at, shows] = /^<!--([01]) (\d+) (\S*)-->/.exec(value || '') || ['', '0', '0', front.shows]
    const made = Number(at), chosen = choice === '1'
    if (chosen && made > front.chosen) {
      Object.assign(front, { chosen: made, shows })
      greenroom.jobShown(view, shows.split('/')[0])
    }
    const late = made < (front.made[piece] || 0) || (chosen ? made < front.chosen : front.shows !== null && shows !== front.shows)
    if (!late) { front.made[piece] = made; front.drawn[piece] = (value || '').slice(mark.length) }
    return front.drawn[piece] || ''
  }

  // A section of the Voiceover tab is open: its controls are shown, and the cast beside a script alone (layout.css).
  const voiceoverSection = (name, shown) => {
    document.body.dataset.voiceover = name
    return ['', ...shown.map(visible => ({ __type__: 'update', visible }))]
  }

  // A piece whose changes are read out by screen readers, politely.
  const live = html => `<div aria-live="polite">${html}</div>`

  // Folded parts stay as the person left them when a piece is drawn anew.
  const folds = new Map()
  const keepFolds = element => {
    element.querySelectorAll('details[data-fold]').forEach(details => {
      const key = details.dataset.fold
      if (folds.has(key)) details.open = folds.get(key)
      // A click on the summary, not the toggle event: that one also comes when a piece is drawn with an open part.
      details.querySelector('summary').addEventListener('click', () => folds.set(key, !details.open))
    })
  }

  // Ask for news every few seconds, but only while the piece can be seen: its tab is open and the window is not hidden.
  const askWhileSeen = (element, trigger, seconds) => {
    const timer = setInterval(() => {
      if (!element.isConnected) clearInterval(timer)
      else if (!document.hidden && element.offsetParent !== null) trigger('click', { act: 'news' })
    }, seconds * 1000)
  }

  const clock = seconds => {
    if (!isFinite(seconds)) return '0:00'
    const s = Math.floor(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60
    return (h ? h + ':' + String(m).padStart(2, '0') : m) + ':' + String(s % 60).padStart(2, '0')
  }

  const mounted = new WeakMap() // by player: what ends everything that listens in it
  const mountPlayer = element => {
    const root = element.querySelector('.player')
    if (!root || root.dataset.mounted) return
    root.dataset.mounted = '1'
    // A drawing anew may keep the element and take its mark away: what listens there already must not listen twice, or one click
    // would play and pause.
    mounted.get(root)?.abort()
    const over = new AbortController(), signal = over.signal
    mounted.set(root, over)
    const audio = root.querySelector('audio'), canvas = root.querySelector('canvas'), play = root.querySelector('.play')
    const time = root.querySelector('.clock'), caption = root.querySelector('.caption'), seek = root.querySelector('input[type=range]')
    const peaks = JSON.parse(root.dataset.peaks || '[]'), length = parseFloat(root.dataset.duration) || 0
    const draw = () => {
      const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight
      if (!width) return
      canvas.width = width * ratio; canvas.height = height * ratio
      const g = canvas.getContext('2d'), style = getComputedStyle(root), n = Math.max(1, Math.floor(width / 4))
      g.scale(ratio, ratio)
      const at = length ? audio.currentTime / length : 0
      for (let i = 0; i < n; i++) {
        const from = Math.floor(i / n * peaks.length), to = Math.max(from + 1, Math.floor((i + 1) / n * peaks.length))
        // The mean of the peaks: their greatest would draw an hour of speech as one solid block.
        const part = peaks.slice(from, to), mean = part.reduce((sum, peak) => sum + peak, 0) / (part.length || 1)
        const bar = Math.max(2, mean * (height - 6))
        g.fillStyle = style.getPropertyValue(i / n < at ? '--g-accent' : '--g-wave')
        g.beginPath(); g.roundRect(i * 4, (height - bar) / 2, 2.6, bar, 1.3); g.fill()
      }
    }
    const paint = () => {
      time.textContent = clock(audio.currentTime) + ' / ' + clock(length)
      seek.value = audio.currentTime; seek.setAttribute('aria-valuetext', clock(audio.currentTime) + ' of ' + clock(length))
      draw()
    }
    const showPaused = () => {
      play.setAttribute('aria-label', audio.paused ? 'Play' : 'Pause')
      play.querySelector('use').setAttribute('href', audio.paused ? '#i-play' : '#i-pause')
    }
    play.addEventListener('click', () => { if (audio.paused) { audition.pause(); playing = null; paintAuditions(); audio.play() } else audio.pause() }, { signal })
    for (const [name, act] of [['play', showPaused], ['pause', showPaused], ['timeupdate', paint]]) audio.addEventListener(name, act, { signal })
    seek.addEventListener('input', () => { audio.currentTime = parseFloat(seek.value); paint() }, { signal })
    canvas.addEventListener('pointerdown', event => {
      const box = canvas.getBoundingClientRect()
      audio.currentTime = (event.clientX - box.left) / box.width * length; paint()
    }, { signal })
    root.querySelectorAll('[data-rate]').forEach(button => button.addEventListener('click', () => {
      const rates = [1, 1.25, 1.5, 2, 0.75]
      audio.playbackRate = rates[(rates.indexOf(audio.playbackRate) + 1) % rates.length]
      button.lastElementChild.textContent = audio.playbackRate + '×'
    }, { signal }))
    const track = audio.textTracks[0]
    if (track) {
      track.mode = 'hidden'
      track.addEventListener('cuechange', () => {
        const cue = track.activeCues && track.activeCues[0]
        if (!cue) return
        caption.textContent = ''
        caption.append(cue.getCueAsHTML())
      }, { signal })
    }
    const size = new ResizeObserver(draw), mode = new MutationObserver(draw)
    size.observe(canvas)
    mode.observe(document.body, { attributes: true, attributeFilter: ['class'] })
    signal.addEventListener('abort', () => { size.disconnect(); mode.disconnect() })
    paint()
  }
  // Handlers run outside Gradio's queue, where Gradio shows nobody what a handler says went wrong. Words only, never HTML.
  // Good news comes along with the answer (tabs/common/notices/notices.py).
  // `undo` is a function that takes back what is told; such a note stays longer, and as long as the pointer or the focus is on it.
  const tell = (sentence, { good = false, undo = null, word = 'Undo' } = {}) => {
    if ([...document.querySelectorAll('.told > span')].some(said => said.textContent === sentence)) return
    const note = document.createElement('div'), said = document.createElement('span')
    const button = (label, act) => {
      const made = document.createElement('button')
      made.type = 'button'; made.textContent = label; made.onclick = () => { act(); note.remove() }
      note.append(made)
      return made
    }
    note.className = good ? 'told good' : 'told'
    note.setAttribute('role', good ? 'status' : 'alert')
    said.textContent = sentence
    note.append(said)
    if (undo) button(word, undo).className = 'undo'
    button('×', () => {}).setAttribute('aria-label', 'Close')
    let shelf = document.querySelector('#told')
    if (!shelf) {
      shelf = document.createElement('div'); shelf.id = 'told'
      ;(document.querySelector('.gradio-container') || document.body).append(shelf) // where the page's colours are
    }
    shelf.append(note)
    const leave = () => { if (note.matches(':hover, :focus-within')) setTimeout(leave, 2000); else note.remove() }
    setTimeout(leave, undo ? 20000 : good ? 6000 : 12000)
  }
  const realFetch = window.fetch
  window.fetch = async (...asked) => {
    const answer = await realFetch(...asked)
    if (answer.status === 500 && answer.url.includes('/gradio_api/run/predict')) {
      answer.clone().json().then(told => { if (told && typeof told.error === 'string') tell(told.error) }, () => {})
    }
    const news = answer.headers.get('x-greenroom-notice')
    if (news) JSON.parse(decodeURIComponent(news)).forEach(({ said, undo }) => tell(said, { good: true, undo: undo && (() => greenroom.undo(undo)) }))
    return answer
  }

  return {
    voiceoverSection, inFront, live, mountPlayer, paintAuditions, toggleAudition, copyText, keepFolds, keepEdits, reveal, closeForm, askWhileSeen, toggleMode, tell, goTo
  }
})()
