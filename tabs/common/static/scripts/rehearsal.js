// A rehearsal: the studio tells over one socket which line is to be heard and whose turn it is; this plays the lines out of the
// narration, sends the microphone while it is the person's turn, and shows how far they are. See api/http/rehearsal.py.
Object.assign(greenroom, (() => {
  const RATE = 16000
  // Runs in the sound thread: blocks of the microphone as 16-bit samples at 16 kHz, some 40 ms each.
  const WORKLET = `registerProcessor('greenroom-microphone', class extends AudioWorkletProcessor {
    constructor() { super(); this.step = sampleRate / ${RATE}; this.at = 0; this.sum = 0; this.count = 0; this.out = [] }
    process(inputs) {
      const sound = inputs[0][0]
      if (!sound) return true
      for (const sample of sound) {
        this.sum += sample; this.count++
        if (++this.at >= this.step) { this.out.push(this.sum / this.count); this.at -= this.step; this.sum = 0; this.count = 0 }
      }
      if (this.out.length >= 640) {
        const block = Int16Array.from(this.out, one => Math.max(-1, Math.min(1, one)) * 32767)
        this.port.postMessage(block.buffer, [block.buffer])
        this.out = []
      }
      return true
    }
  })`

  const mounted = new WeakSet() // a drawing anew keeps the element and takes away what was noted in its attributes
  let run = null // the rehearsal that is going on, and the element it is shown in

  const openMicrophone = async (send, cancelling = true) => {
    if (!navigator.mediaDevices) throw new Error('Browsers give the microphone to pages at localhost or over https only.')
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: cancelling, noiseSuppression: true, autoGainControl: true, channelCount: 1 } })
    let context, source
    try { context = new AudioContext({ sampleRate: RATE }); source = context.createMediaStreamSource(stream) } catch {
      context = new AudioContext(); source = context.createMediaStreamSource(stream) // a browser that does not change the rate itself
    }
    const script = URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' }))
    await context.audioWorklet.addModule(script)
    URL.revokeObjectURL(script)
    const node = new AudioWorkletNode(context, 'greenroom-microphone', { numberOfOutputs: 0 })
    node.port.onmessage = event => send(event.data)
    source.connect(node)
    return () => { stream.getTracks().forEach(track => track.stop()); context.close() }
  }

  const begin = async root => {
    end()
    const here = run = { root, listening: false, own: -1, close: () => {} }
    const wish = name => root.querySelector(`[data-wish=${name}]`)
    const say = text => { root.querySelector('.stage-state').textContent = text }
    const trouble = text => { const box = root.querySelector('.stage-trouble'); box.textContent = text; box.hidden = !text }
    const line = index => root.querySelector(`li[data-line="${index}"]`)
    const button = name => root.querySelector(`[data-stage=${name}]`)
    trouble('')
    root.querySelector('.stage-report').hidden = true
    root.querySelectorAll('li').forEach(one => { one.classList.remove('now', 'good', 'mend'); one.querySelector('.remark').textContent = ''; restore(one) })
    root.classList.toggle('veiled', wish('hidden').checked)
    button('start').hidden = true; button('stop').hidden = false; button('again').disabled = false
    say('Getting ready …')

    const sound = new Audio(root.dataset.sound)
    sound.preload = 'auto'
    let until = 0, after = null, watch = 0
    const quiet = () => { clearInterval(watch); after = null; sound.pause() }
    const play = (from, to, then) => {
      quiet()
      until = to; after = then
      const go = () => {
        sound.currentTime = from
        sound.play().catch(error => { quiet(); trouble(`The sound cannot be played: ${error.message}`); then() })
      }
      if (sound.readyState) go(); else sound.addEventListener('loadedmetadata', go, { once: true })
      watch = setInterval(() => { if (after && (sound.currentTime >= until || sound.ended)) { const next = after; quiet(); next() } }, 20)
    }

    const address = new URL('rehearsal', document.baseURI)
    address.protocol = address.protocol.replace('http', 'ws')
    address.hash = address.search = ''
    const socket = here.socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    const tell = message => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)) }
    here.tell = tell
    let stopMicrophone = () => {}
    here.close = () => { quiet(); stopMicrophone(); socket.onclose = null; socket.close() }

    const mark = index => {
      root.querySelectorAll('li.now').forEach(one => one.classList.remove('now'))
      const item = line(index)
      item.classList.add('now')
      item.scrollIntoView({ block: 'nearest' })
      return item
    }
    const mine = on => { here.listening = on; button('said').disabled = button('prompt').disabled = !on; root.classList.toggle('yours', on) }
    const drawn = {
      ear: message => { say(message.exact ? `${message.title} listens.` : `${message.title} listens: it notices words left out, not words changed.`) },
      deaf: message => { trouble(`${message.reason} ${message.hint}`); stopMicrophone() },
      play: message => {
        mine(false)
        mark(message.index)
        say('')
        here.cue = message
        play(message.start, message.end, () => tell({ type: 'played', index: message.index }))
      },
      yours: message => { here.own = message.index; mark(message.index); mine(true); say('Your line.') },
      speech: message => root.classList.toggle('heard', message.going_on),
      following: message => paint(line(message.index), message.words),
      prompt: message => {
        say(`“${message.text}”`)
        here.listening = false
        play(message.start, message.end, () => { here.listening = true; tell({ type: 'prompted' }) })
      },
      over: message => {
        mine(false)
        const item = line(message.index)
        paint(item, message.words)
        item.classList.add('done', message.perfect ? 'good' : 'mend')
        item.querySelector('.remark').textContent = remark(message)
      },
      end: message => {
        mine(false)
        const report = root.querySelector('.stage-report')
        const parts = [[message.perfect, 'word-perfect'], [message.changed, 'with changed words'], [message.left_out, 'with words left out'], [message.prompted, 'prompted'], [message.passed_over, 'passed over'], [message.by_hand, 'ended by hand']]
        report.textContent = `${message.lines} ${message.lines === 1 ? 'line' : 'lines'} of yours: ` + parts.filter(([count]) => count).map(([count, what]) => `${count} ${what}`).join(', ') + '.'
        report.hidden = false
        say('The scene is over.')
        here.over = true
      },
      saved: message => {
        const link = document.createElement('a')
        link.href = `media/outputs/${encodeURIComponent(message.output)}?download=true`; link.textContent = 'Download the report'; link.className = 'act'
        root.querySelector('.stage-report').append(' ', link)
        if (here.over) end('')
      },
      unsaved: message => trouble(`The report could not be kept: ${message.reason} ${message.hint}`),
      error: message => { end(''); trouble(`${message.reason} ${message.hint}`) },
    }
    socket.onmessage = event => { const message = JSON.parse(event.data); (drawn[message.type] || (() => {}))(message) }
    socket.onclose = () => { if (run === here) { end('The studio does not answer any more. What you have said so far is kept.') } }
    await new Promise(opened => { socket.onopen = opened; setTimeout(opened, 5000) })
    if (run !== here) return
    let microphone = wish('microphone').checked
    if (microphone) {
      try {
        stopMicrophone = await openMicrophone(block => { if (here.listening && socket.readyState === WebSocket.OPEN) socket.send(block) })
        if (run !== here) { stopMicrophone(); return }
      } catch (error) {
        microphone = false
        trouble(`The microphone cannot be used: ${error.message} Go on by hand: press “I have said it” after each of your lines.`)
      }
    }
    tell({ type: 'begin', narration: root.dataset.narration, part: root.dataset.part, line: here.from || 0, prompt_after: Math.min(60, Math.max(0, Number(wish('prompt_after').value) || 0)), microphone })
  }

  const end = said => {
    if (!run) return
    const { root } = run
    run.close()
    run = null
    for (const name of ['said', 'prompt', 'again']) root.querySelector(`[data-stage=${name}]`).disabled = true
    root.querySelector('[data-stage=start]').hidden = false; root.querySelector('[data-stage=stop]').hidden = true
    root.classList.remove('yours', 'veiled', 'heard')
    if (said) root.querySelector('.stage-state').textContent = said
  }

  // The words of a line by what became of them; what was said in a word's place stands in its title and beside it.
  const paint = (item, words) => {
    const place = item.querySelector('.words')
    if (place.dataset.text === undefined) place.dataset.text = place.textContent
    place.replaceChildren(...words.flatMap(([text, state, heard], at) => {
      const word = document.createElement(state === 'left out' ? 'del' : state === 'changed' ? 'mark' : 'span')
      word.className = `w ${state.replace(' ', '-')}`
      word.textContent = text
      if (heard) word.title = `heard: ${heard}`
      return at ? [' ', word] : [word]
    }))
  }
  const restore = item => {
    const place = item.querySelector('.words')
    if (place.dataset.text !== undefined) place.textContent = place.dataset.text
    item.classList.remove('done')
  }
  const remark = message => {
    const said = []
    if (message.passed_over) said.push('passed over')
    const prompted = message.prompts ? [message.prompts > 1 ? `prompted ${message.prompts} times` : 'prompted once'] : []
    if (message.by_hand && !message.words.some(([, state]) => state === 'said')) return ['ended by hand', ...prompted].join(', ')
    const changed = message.words.filter(([, state]) => state === 'changed')
    if (changed.length) said.push('heard ' + changed.map(([text, , heard]) => `“${heard}” for “${text}”`).join(', '))
    if (message.added.length) said.push(`added “${message.added.join(' ')}”`)
    said.push(...prompted)
    if (message.pickup !== null && message.pickup > 2) said.push(`picked up after ${message.pickup.toFixed(1)} s`)
    return said.join(', ')
  }

  const act = (root, name, data) => {
    if (name === 'start') begin(root)
    else if (name === 'stop') end('Stopped. What you have said so far is kept.')
    else if (!run || run.root !== root) return
    else if (name === 'go') run.tell({ type: 'go', index: Number(data.line) })
    else if (name === 'again') { if (run.cue) run.tell({ type: 'go', index: run.cue.index }) }
    else run.tell({ type: name })
  }

  // The part that was chosen of a scene, which is chosen again after the page was closed.
  const partKey = root => `greenroom.rehearsal.part.${root.dataset.narration}`
  document.addEventListener('change', event => {
    const root = event.isTrusted && event.target.closest('#scene-part') && document.querySelector('#stage .stage')
    if (root) try { localStorage.setItem(partKey(root), event.target.closest('label').textContent.trim()) } catch { /* not remembered */ }
  })
  const playAgain = (root, tries = 40) => {
    let part = null
    try { part = localStorage.getItem(partKey(root)) } catch { return }
    if (!part || !root.isConnected || !tries) return
    const buttons = [...document.querySelectorAll('#scene-part label')]
    const mine = buttons.find(one => one.textContent.trim() === part)
    if (!buttons.length) setTimeout(() => playAgain(root, tries - 1), 100)
    else if (mine && !mine.querySelector('input').checked) mine.querySelector('input').click()
  }

  const stage = element => {
    const root = element.querySelector('.stage')
    if (run && run.root !== root) end('')
    if (!root || mounted.has(root)) return
    mounted.add(root)
    playAgain(root)
    for (const wish of root.querySelectorAll('[data-wish]')) {
      const key = `greenroom.rehearsal.${wish.dataset.wish}`, kept = localStorage.getItem(key), box = wish.type === 'checkbox'
      if (kept !== null) { if (box) wish.checked = kept === 'true'; else wish.value = kept }
      wish.addEventListener('change', () => {
        localStorage.setItem(key, box ? wish.checked : wish.value)
        if (run && wish.dataset.wish === 'hidden') root.classList.toggle('veiled', wish.checked)
      })
    }
    root.addEventListener('click', event => {
      const pressed = event.target.closest('[data-stage]')
      if (pressed && !pressed.disabled) act(root, pressed.dataset.stage, pressed.dataset)
    })
  }
  document.addEventListener('keydown', event => {
    if (!run || event.ctrlKey || event.metaKey || event.altKey || run.root.offsetParent === null) return
    if (event.target.closest && event.target.closest('input, textarea, select, button, a, [contenteditable]')) return
    const name = { ' ': 'said', p: 'prompt', r: 'again' }[event.key]
    if (name && !run.root.querySelector(`[data-stage=${name}]`).disabled) { event.preventDefault(); act(run.root, name, {}) }
  })
  return { stage, openMicrophone }
})())
