// A conversation: sends the microphone, plays the replies and reports what was heard, falls silent at once when the person speaks,
// and shows both sides' words. See api/http/conversation.
Object.assign(greenroom, (() => {
  const SOUND_RATE = 24000, REPORT = 960 // samples of a reply between two reports: 40 ms
  // Runs in the sound thread: plays what comes in order, softly while it is ducked, and tells how far it is. A stream with a lower
  // number than the last flush is stale. Its clock is the reply's: one sample here is one of the reply.
  const SPEAKER = `registerProcessor('greenroom-speaker', class extends AudioWorkletProcessor {
    constructor() {
      super()
      this.step = ${SOUND_RATE} / sampleRate; this.stream = 0; this.stale = 0; this.gain = 1; this.aim = 1; this.clear(0)
      this.port.onmessage = event => {
        const data = event.data
        if (data.flush !== undefined) { this.stale = Math.max(this.stale, data.flush); if (this.stream <= this.stale) { this.tell(); this.clear(this.place) } return }
        if (data.aim !== undefined) { this.aim = data.aim; return }
        const head = new DataView(data, 0, 8), stream = head.getUint32(0, true), first = head.getUint32(4, true)
        if (stream <= this.stale) return
        if (stream !== this.stream) { this.stream = stream; this.clear(first); this.aim = 1 }
        this.ring.push(new Int16Array(data, 8)); this.waiting += (data.byteLength - 8) / 2
      }
    }
    clear(place) { this.ring = []; this.at = 0; this.waiting = 0; this.place = place; this.told = place; this.playing = false; this.dry = 0 }
    tell() { this.told = this.place; this.port.postMessage({ stream: this.stream, sample: Math.floor(this.place) }) }
    process(_, outputs) {
      const out = outputs[0][0]
      if (!this.playing) {
        this.dry += out.length
        if (!this.waiting || (this.waiting < ${REPORT} && this.dry < 4800)) return true
        this.playing = true; this.dry = 0
      }
      for (let k = 0; k < out.length; k++) {
        while (this.ring.length && this.at >= this.ring[0].length) { this.at -= this.ring[0].length; this.ring.shift() }
        if (!this.ring.length) { this.playing = false; this.place = Math.round(this.place); break }
        this.gain += (this.aim - this.gain) * .004
        out[k] = this.gain * this.ring[0][Math.floor(this.at)] / 32768
        this.at += this.step; this.place += this.step; this.waiting -= this.step
      }
      if (this.place - this.told >= ${REPORT} || (!this.playing && this.place !== this.told)) this.tell()
      return true
    }
  })`

  const mounted = new WeakSet()
  let talk = null // the conversation that is going on
  const median = numbers => numbers.length ? [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] : 0
  const seconds = samples => (samples / 16000).toFixed(2)

  const openSpeaker = async tell => {
    let context
    try { context = new AudioContext({ sampleRate: SOUND_RATE, latencyHint: 'interactive' }) } catch { context = new AudioContext() }
    const script = URL.createObjectURL(new Blob([SPEAKER], { type: 'text/javascript' }))
    await context.audioWorklet.addModule(script)
    URL.revokeObjectURL(script)
    const node = new AudioWorkletNode(context, 'greenroom-speaker', { numberOfInputs: 0, outputChannelCount: [1] })
    node.port.onmessage = event => tell(event.data)
    node.connect(context.destination)
    await context.resume()
    return { post: data => node.port.postMessage(data, data instanceof ArrayBuffer ? [data] : []), close: () => context.close() }
  }

  const begin = async root => {
    end()
    const ready = document.querySelector('#talk-ready .talk-ready'), settings = JSON.parse(ready.dataset.settings)
    const here = talk = { root, close: () => {}, muted: false, key: ready.dataset.key, quick: [] }
    const part = name => root.querySelector(name), button = name => part(`[data-talk=${name}]`)
    const say = text => { part('.stage-state').textContent = text }
    const trouble = text => { const box = part('.stage-trouble'); box.textContent = text; box.hidden = !text }
    const turns = part('.talk-turns')
    trouble('')
    turns.replaceChildren()
    button('talk').hidden = true; button('end').hidden = false; button('echo').disabled = true
    say('Getting ready …')

    // Both sides' words, an item for each turn
    const items = new Map()
    const item = (id, side) => {
      if (!items.has(id)) {
        const one = document.createElement('li'), who = document.createElement('span'), words = document.createElement('span'), small = document.createElement('small')
        one.className = side; who.className = 'who'; words.className = 'words'; small.className = 'remark'
        who.textContent = side === 'you' ? 'You' : 'Studio'
        one.append(who, ' ', words, small)
        turns.append(one)
        one.scrollIntoView({ block: 'nearest' })
        items.set(id, one)
      }
      return items.get(id)
    }
    const put = (place, parts) => place.replaceChildren(...parts.filter(([text]) => text).flatMap(([text, name], at) => {
      const word = document.createElement(name === 'never' ? 'del' : 'span')
      word.className = name; word.textContent = text
      return at ? [' ', word] : [word]
    }))
    const words = (id, side, ...parts) => put(item(id, side).querySelector('.words'), parts)
    const remark = (id, side, text) => { item(id, side).querySelector('.remark').textContent = text }
    const drop = id => { const one = items.get(id); if (one) { one.remove(); items.delete(id) } }
    const doubt = (text, which) => {
      part('.talk-doubt').hidden = !text
      part('.talk-doubt-words').textContent = text
      for (const name of ['no_interruption', 'meant']) button(name).hidden = name !== which
    }
    const waterfall = times => {
      const steps = [['pause', 'pause noticed'], ['words', 'words'], ['turn_end', 'your turn over'], ['first_token', 'first word written'], ['first_sound', 'first sound'], ['first_heard', 'heard']]
      return steps.filter(([name]) => times[name] >= 0).map(([name, said]) => `${said} ${seconds(times[name] - times.speech_end)}`).join(' · ')
    }
    const written = new Map()

    const address = new URL('conversation', document.baseURI)
    address.protocol = address.protocol.replace('http', 'ws')
    address.hash = address.search = ''
    const socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    const tell = here.tell = message => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)) }
    let stopMicrophone = () => {}, speaker = null
    here.close = () => { stopMicrophone(); if (speaker) speaker.close(); socket.onclose = null; socket.close() }
    const state = name => { root.dataset.state = name }

    const over = message => {
      const heard = message.times.first_heard - message.times.speech_end
      if (message.times.first_heard >= 0 && message.times.words >= 0) {
        here.quick.push(heard / 16000)
        try { localStorage.setItem(`greenroom.talk.quick.${here.key}`, String(median(here.quick))) } catch { /* it is only not remembered */ }
        quick(root)
      }
      remark(message.reply, 'studio', message.times.words >= 0 ? waterfall(message.times) : '')
      state('listening')
    }
    const drawn = {
      waiting: message => say(message.note),
      session_started: message => {
        say(message.ear ? `${message.ear} listens, ${message.mind} answers. Speak whenever you like.` : `${message.mind} reads what you write.`)
        for (const name of ['cancel', 'mute']) button(name).disabled = false
        for (const one of root.querySelectorAll('.talk-writing input, .talk-writing button')) one.disabled = false
        here.listening = Boolean(message.ear)
        state('listening')
      },
      speech_started: message => { item(message.turn, 'you').classList.add('now'); words(message.turn, 'you', ['…', 'waiting']); root.classList.add('heard') },
      speech_stopped: () => root.classList.remove('heard'),
      partial_words: message => words(message.turn, 'you', [message.settled, 'said'], [message.text.slice(message.settled.length).trim(), 'waiting']),
      person_said: message => { words(message.turn, 'you', [message.text, 'said']); item(message.turn, 'you').classList.remove('now'); state('thinking') },
      nothing_said: message => { root.classList.remove('heard'); drop(message.turn) },
      reply_begun: message => { written.set(message.reply, ''); item(message.reply, 'studio').classList.add('now'); words(message.reply, 'studio', ['…', 'waiting']) },
      reply_words: message => {
        written.set(message.reply, (written.get(message.reply) || '') + message.words.map(one => one.text).join(''))
        if (!item(message.reply, 'studio').dataset.heard) words(message.reply, 'studio', [written.get(message.reply).trim(), 'waiting'])
      },
      reply_text: message => {
        if (settings.speak === false) { written.set(message.reply, (written.get(message.reply) || '') + message.text); words(message.reply, 'studio', [written.get(message.reply), 'said']) }
      },
      reply_heard: message => {
        state('speaking')
        item(message.reply, 'studio').dataset.heard = 'yes'
        words(message.reply, 'studio', [message.text, 'said'], [(written.get(message.reply) || '').slice(message.text.length).trim(), 'waiting'])
      },
      reply_ended: message => { words(message.reply, 'studio', [message.text, 'said']); item(message.reply, 'studio').classList.remove('now'); over(message) },
      reply_cut: message => {
        root.classList.remove('ducked')
        item(message.reply, 'studio').classList.remove('now')
        if (!message.heard && !message.unheard) { drop(message.reply); return }
        words(message.reply, 'studio', [message.heard, 'said'], [message.unheard, 'never'])
        over(message)
        if (message.reason === 'interrupted' && message.heard) doubt('You interrupted.', 'no_interruption')
      },
      heard_corrected: message => words(message.reply, 'studio', [message.heard, 'said']),
      ducked: () => { root.classList.add('ducked'); speaker.post({ aim: .2 }); state('ducked') },
      paused: message => { speaker.post({ flush: message.stream }) },
      resumed: message => {
        root.classList.remove('ducked')
        speaker.post({ aim: 1 })
        item(message.reply, 'studio').classList.add('now')
        const what = { backchannel: 'You were only listening.', noise: 'That was a noise.', echo: 'That was my own voice.' }
        doubt(`${what[message.aside]} It goes on.`, 'meant')
        state('speaking')
      },
      session_problem: message => trouble(`${message.reason} ${message.hint}`),
      session_ended: message => end(message.why || 'The conversation is over.'),
      error: message => { end(''); trouble(`${message.reason} ${message.hint}`) },
    }
    here.doubt = doubt
    socket.onmessage = event => {
      if (typeof event.data !== 'string') { speaker.post(event.data); return }
      const message = JSON.parse(event.data)
      ;(drawn[message.type] || (() => {}))(message)
    }
    socket.onclose = () => { if (talk === here) end('The studio does not answer any more.') }
    await new Promise(opened => { socket.onopen = opened; setTimeout(opened, 5000) })
    if (talk !== here) return
    try {
      speaker = await openSpeaker(report => tell({ type: 'played', ...report }))
    } catch (error) { end(''); trouble(`The sound cannot be played: ${error.message}`); return }
    if (talk !== here) { speaker.close(); return }
    if (settings.listen) {
      try {
        const cancelling = settings.echo !== 'headphones'
        stopMicrophone = await greenroom.openMicrophone(block => { if (here.listening && !here.muted && socket.readyState === WebSocket.OPEN) socket.send(block) }, cancelling)
        if (talk !== here) { stopMicrophone(); return }
      } catch (error) {
        settings.listen = false
        trouble(`The microphone cannot be used: ${error.message} Write what you want to say.`)
      }
    }
    tell({ type: 'begin', ...settings })
  }

  const end = said => {
    if (!talk) return
    const { root } = talk
    talk.close()
    talk = null
    for (const name of ['cancel', 'mute']) root.querySelector(`[data-talk=${name}]`).disabled = true
    for (const one of root.querySelectorAll('.talk-writing input, .talk-writing button')) one.disabled = true
    root.querySelector('[data-talk=mute]').setAttribute('aria-pressed', 'false')
    root.querySelector('[data-talk=talk]').hidden = false; root.querySelector('[data-talk=end]').hidden = true; root.querySelector('[data-talk=echo]').disabled = false
    root.querySelector('.talk-doubt').hidden = true
    root.classList.remove('heard', 'ducked')
    root.querySelectorAll('.talk-turns .now').forEach(one => one.classList.remove('now'))
    delete root.dataset.state
    root.querySelector('.stage-state').textContent = said || ''
  }

  // How long the first sound of an answer took the last time with the same three.
  const quick = root => {
    const ready = document.querySelector('#talk-ready .talk-ready'), place = root.querySelector('.talk-quick')
    let known = null
    try { known = ready && localStorage.getItem(`greenroom.talk.quick.${ready.dataset.key}`) } catch { /* nothing is remembered */ }
    place.hidden = !known
    if (known) place.textContent = `Answers are heard ${Number(known).toFixed(1)} s after your last word, going by your last conversation with these three.`
  }

  // Plays a tone and listens to what of it comes back: the levels before it and while it sounds.
  const echoLevels = async cancelling => {
    if (!navigator.mediaDevices) throw new Error('Browsers give the microphone to pages at localhost or over https only.')
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: cancelling, noiseSuppression: false, autoGainControl: false, channelCount: 1 } })
    const context = new AudioContext(), ear = context.createAnalyser(), block = new Float32Array(ear.fftSize)
    const wait = seconds => new Promise(done => setTimeout(done, 1000 * seconds))
    const listen = async seconds => {
      let power = 0, blocks = 0
      for (const until = performance.now() + 1000 * seconds; performance.now() < until || !blocks; blocks++) {
        await wait(.04)
        ear.getFloatTimeDomainData(block)
        power += block.reduce((sum, one) => sum + one * one, 0) / block.length
      }
      return Math.sqrt(power / blocks)
    }
    try {
      await context.resume()
      context.createMediaStreamSource(stream).connect(ear)
      await wait(.3)
      const quiet = await listen(.4), tone = context.createOscillator(), gain = context.createGain()
      tone.type = 'sawtooth'; tone.frequency.value = 220; gain.gain.value = .12
      tone.frequency.exponentialRampToValueAtTime(1400, context.currentTime + 2.5)
      tone.connect(gain); gain.connect(context.destination); tone.start()
      await wait(cancelling ? 1.2 : .4) // a canceller needs a moment to learn the room
      return { quiet, loud: await listen(.6) }
    } finally { stream.getTracks().forEach(track => track.stop()); context.close() }
  }

  // Chooses how the studio's own voice is kept out of the microphone, and says so.
  const testEcho = async root => {
    const say = text => { root.querySelector('.stage-state').textContent = text }
    const trouble = text => { const box = root.querySelector('.stage-trouble'); box.textContent = text; box.hidden = !text }
    const pressed = root.querySelector('[data-talk=echo]'), heard = one => one.loud > 2 * one.quiet + .001
    const begins = root.querySelector('[data-talk=talk]')
    pressed.disabled = begins.disabled = true
    trouble('')
    say('Be quiet for five seconds: a tone is played, and listened to.')
    try {
      let choice = 'headphones', found = 'Nothing of the tone came back: “I wear headphones” is chosen. If you did not hear it, turn the sound up and test again.'
      const open = await echoLevels(false)
      if (heard(open)) {
        const cancelled = await echoLevels(true), much = heard(cancelled) && cancelled.loud > open.loud / 10
        choice = much ? 'half duplex' : 'cancelling'
        found = much ? 'The browser does not take the tone out of your microphone: “Never both at once” is chosen. With headphones you can interrupt.'
          : 'The tone came back, and the browser takes it out: “The browser takes it out” is chosen.'
      }
      const wanted = document.querySelector(`#talk-echo input[value="${choice}"]`)
      if (wanted && !wanted.checked) wanted.click()
      say(found)
    } catch (error) { say(''); trouble(`The microphone cannot be used: ${error.message}`) }
    pressed.disabled = begins.disabled = false
  }

  const act = (root, name) => {
    if (name === 'talk') begin(root)
    else if (name === 'echo') testEcho(root)
    else if (name === 'end') end('')
    else if (!talk || talk.root !== root) return
    else if (name === 'mute') {
      talk.muted = !talk.muted
      root.querySelector('[data-talk=mute]').setAttribute('aria-pressed', String(talk.muted))
    } else {
      talk.doubt('', '')
      talk.tell({ type: name === 'meant' ? 'cancel' : name })
    }
  }

  const talkStage = element => {
    const root = element.querySelector('.talk')
    if (!root) return
    quick(root)
    if (mounted.has(root)) return
    if (talk && talk.root !== root) end('')
    mounted.add(root)
    root.addEventListener('click', event => {
      const pressed = event.target.closest('[data-talk]')
      if (pressed && !pressed.disabled) act(root, pressed.dataset.talk)
    })
    root.querySelector('.talk-writing').addEventListener('submit', event => {
      event.preventDefault()
      const box = root.querySelector('.talk-writing input')
      if (talk && box.value.trim()) { talk.tell({ type: 'text', text: box.value.trim() }); box.value = '' }
    })
  }
  document.addEventListener('keydown', event => {
    if (!talk || event.ctrlKey || event.metaKey || event.altKey || talk.root.offsetParent === null) return
    const typing = event.target.closest && event.target.closest('input, textarea, select, [contenteditable]')
    if (event.key === 'Escape') { event.preventDefault(); act(talk.root, 'cancel') }
    else if (!typing && event.key.toLowerCase() === 'm') { event.preventDefault(); act(talk.root, 'mute') }
  })
  return { talkStage }
})())
