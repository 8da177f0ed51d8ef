// What a person writes is kept by the browser as it is written, however long, and words of the studio never push it out unasked.
// IndexedDB holds one draft for each box, and under it the texts that were replaced.
Object.assign(greenroom, (() => {
  const MOST_EARLIER = 20, WRITE_AFTER = 400
  const own = Math.random().toString(36).slice(2) // this window
  const stored = new Promise(done => {
    const asked = indexedDB.open('greenroom', 1)
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore('drafts', { keyPath: 'box' })
      asked.result.createObjectStore('earlier', { keyPath: 'id', autoIncrement: true }).createIndex('box', 'box')
    }
    asked.onsuccess = () => done(asked.result)
    asked.onerror = asked.onblocked = () => done(null) // a private window: texts last as long as the page
  })
  const store = async (name, act) => {
    const base = await stored
    if (!base) return undefined
    return new Promise(done => {
      const change = base.transaction(name, 'readwrite'), asked = act(change.objectStore(name))
      change.oncomplete = () => done(asked && asked.result)
      change.onerror = change.onabort = () => done(undefined)
    })
  }

  const areaOf = box => document.querySelector(`#${box} textarea`)
  const boxes = new Map() // by id: the fold under it, what the box held when it was drawn, and what is kept of it
  const short = text => { const line = text.trim().split('\n')[0]; return line.length > 70 ? line.slice(0, 69) + '…' : line }

  // Put words where the cursor would: the browser's own undo then knows them, and Gradio hears of them.
  const put = (area, words) => {
    area.focus({ preventScroll: true })
    area.select()
    if (!document.execCommand(words ? 'insertText' : 'delete', false, words) || area.value !== words) {
      area.setRangeText(words, 0, area.value.length, 'end')
      area.dispatchEvent(new Event('input', { bubbles: true }))
    }
  }
  const fill = (area, words) => {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(area, words)
    area.dispatchEvent(new Event('input', { bubbles: true }))
  }

  const drawEarlier = async box => {
    const fold = boxes.get(box).fold, found = (await store('earlier', s => s.index('box').getAll(box))) || []
    fold.hidden = found.length === 0
    fold.querySelector('summary').textContent = `Earlier texts (${found.length})`
    fold.querySelector('.list').replaceChildren(...found.reverse().map(one => {
      const button = document.createElement('button'), when = document.createElement('small')
      button.type = 'button'; button.className = 'act plain'; button.title = 'Bring this text back'
      button.textContent = short(one.text)
      when.textContent = ` ${new Date(one.at).toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })}, ${one.text.length.toLocaleString('en')} characters`
      button.append(when)
      button.onclick = async () => { await store('earlier', s => s.delete(one.id)); replace(box, one.text, 'The earlier text is back.') }
      return button
    }))
  }
  const keepEarlier = async (box, text) => {
    if (!text.trim()) return
    const known = (await store('earlier', s => s.index('box').getAll(box))) || []
    for (const one of known.filter((one, at) => one.text === text || at < known.length - MOST_EARLIER + 1)) await store('earlier', s => s.delete(one.id))
    await store('earlier', s => s.add({ box, text, at: Date.now() }))
    await drawEarlier(box)
  }

  const replace = async (box, words, said) => {
    const area = areaOf(box), old = area.value
    if (old === words) return
    boxes.get(box).touched = true
    put(area, words)
    write(box)
    if (!old.trim() || old === boxes.get(box).first) return
    await keepEarlier(box, old)
    greenroom.tell(said, { good: true, undo: () => { put(areaOf(box), old); write(box) } })
  }

  // Words from the studio. Over something that a person wrote they are offered, in a line under the box.
  const offer = (box, words, source, instead) => {
    const area = areaOf(box), now = area.value, piece = boxes.get(box).fold.parentElement, asked = piece.querySelector('[data-asked]')
    asked.hidden = true
    if (now === words) return
    const said = `${source} has taken the place of what was written.`
    if (!now.trim() || now === boxes.get(box).first) { replace(box, words, said); return }
    if (now.trim() === instead?.trim()) { replace(box, words, 'What is written here follows the change.'); return }
    if (instead !== undefined) {
      greenroom.tell(`${source} is changed; what is written here stays as it is.`, { good: true })
      return
    }
    asked.hidden = false
    asked.querySelector('span').textContent = `${source} is another text than the one that is written here.`
    asked.querySelector('[data-replace]').onclick = () => { asked.hidden = true; replace(box, words, said) }
    asked.querySelector('[data-leave]').onclick = () => { asked.hidden = true; area.focus() }
    asked.scrollIntoView({ block: 'nearest' })
  }
  const whenThere = (box, act, patience = 60) => {
    const area = areaOf(box)
    if (area && area.offsetParent !== null && boxes.get(box)?.ready) act()
    else if (patience) setTimeout(whenThere, 100, box, act, patience - 1)
    else if (area && boxes.has(box)) act()
  }
  let taken = ''
  const takeTexts = element => {
    const texts = [...element.querySelectorAll('[data-box]')], moment = texts[0]?.dataset.moment
    if (!moment || moment === taken) return
    taken = moment
    texts.forEach(({ dataset }) => whenThere(dataset.box, () => offer(dataset.box, dataset.words, dataset.source, dataset.instead)))
  }

  // Drafts
  const write = box => {
    const known = boxes.get(box), area = areaOf(box)
    if (!known?.ready || !area || area.value === known.kept) return
    // A page that is slow to be built puts a box's first value there once more: nobody has taken the draft out of it.
    if (!known.touched && area.value === known.first) { fill(area, known.kept); return }
    const text = area.value
    known.kept = text
    store('drafts', drafts => {
      const before = drafts.get(box)
      before.onsuccess = () => {
        // Another window has written here since: its text is not lost under this one.
        if (before.result && before.result.by !== own && before.result.by !== known.by && before.result.text !== text) keepEarlier(box, before.result.text)
        known.by = own
        drafts.put({ box, text, by: own, at: Date.now() })
      }
    })
  }
  // Gradio may still be building the box, and put its first value there once more.
  const seeThatItStays = (box, text, patience = 12) => {
    const known = boxes.get(box), area = areaOf(box)
    if (known.touched || !patience) return
    if (area && area.value === known.first) fill(area, text)
    setTimeout(seeThatItStays, 200, box, text, patience - 1)
  }
  const restore = async box => {
    const known = boxes.get(box), area = areaOf(box), draft = await store('drafts', s => s.get(box))
    known.by = draft && draft.by
    if (draft && draft.text !== area.value) {
      if (area.value === known.first) { fill(area, draft.text); seeThatItStays(box, draft.text) }
      else if (draft.text.trim()) await keepEarlier(box, draft.text) // something was typed before the draft was read
    }
    known.kept = draft ? draft.text : known.first
    known.ready = true
    await drawEarlier(box)
    write(box)
  }
  const keepText = (element, patience = 100) => {
    const fold = element.querySelector('details[data-box]'), box = fold && fold.dataset.box
    if (!fold) return
    const area = areaOf(box)
    if (!area) { if (patience) setTimeout(keepText, 50, element, patience - 1); return }
    if (boxes.has(box)) { boxes.get(box).fold = fold; drawEarlier(box); return }
    boxes.set(box, { fold, first: area.value, kept: null, by: undefined, ready: false })
    restore(box)
  }
  const writeAll = () => boxes.forEach((_, box) => write(box))
  let waiting = 0
  document.addEventListener('input', event => {
    const box = event.target.closest && event.target.closest('[id]')?.id
    if (event.isTrusted && boxes.has(box)) boxes.get(box).touched = true
    if (event.target.tagName === 'TEXTAREA' || boxes.has(box)) { clearTimeout(waiting); waiting = setTimeout(writeAll, WRITE_AFTER) }
  })
  document.addEventListener('visibilitychange', writeAll)
  addEventListener('pagehide', writeAll)
  setInterval(writeAll, 2000) // what changed without a key
  if (navigator.storage?.persist) navigator.storage.persist().catch(() => {})

  // A button of the page that has words for a box.
  const offerText = (box, words, source) => whenThere(box, () => offer(box, words, source))
  return { takeTexts, keepText, offerText }
})())

// Everything else of a form: kept as it changes, once what was kept has been put back.
Object.assign(greenroom, (() => {
  let restored = false
  const formsRestored = () => setTimeout(() => { restored = true }, 300)
  const keptForm = (names, values) => restored ? Object.fromEntries(names.map((name, at) => [name, values[at]])) : values.at(-1)
  return { formsRestored, keptForm }
})())
