// The tab Director: a topic becomes a board, and the board a film. All work is the studio's public calls (api/v1); the page holds the
// document as it was last answered, draws a row anew only where something of it differs, and never under the hands of a person.
greenroom.director = (() => {
  const $ = (name, root = at.root) => root.querySelector(`[data-el="${name}"]`)
  const at = { root: null, id: '', doc: null, version: 0, film: new Map(), total: null, editing: '', job: '', seen: new Map(), portraits: [], voices: [], mine: null, tool: '', archived: false, listening: false, chapter: '' }
  const call = async (name, body = {}) => {
    const answer = await fetch(`api/v1/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const told = await answer.json().catch(() => ({}))
    if (!answer.ok) throw Object.assign(new Error(told.detail || 'The studio did not answer.'), { status: answer.status, told })
    return told
  }
  const say = text => { const live = $('say'); if (live && live.textContent !== text) live.textContent = text }
  const alarm = (text, mine = null) => {
    at.mine = mine
    $('alert').hidden = !text
    $('alert-text').textContent = text
    $('alert').querySelector('[data-do="use-mine"]').hidden = !mine
  }
  const tried = work => async (...given) => {
    try { return await work(...given) } catch (error) { alarm(error.message) }
  }
  const clone = name => $(name).content.firstElementChild.cloneNode(true)
  const shots = () => (at.doc.scenes || []).flatMap(scene => scene.shots || [])
  const isBook = () => at.doc?.kind === 'audiobook'
  // Of a book one chapter is shown at a time.
  const chapter = () => isBook() ? (at.doc.scenes || []).find(scene => scene.id === at.chapter) || at.doc.scenes?.[0] : null
  const visible = () => chapter()?.shots || (isBook() ? [] : shots())
  const noun = () => isBook() ? 'audiobook' : 'film'
  const sceneOf = id => at.doc.scenes.find(scene => (scene.shots || []).some(shot => shot.id === id))
  const names = () => Object.keys(at.doc.cast || {})
  const inDoubt = shot => (shot.lines || []).some(line => line.doubt != null)
  const speakers = shot => [...new Set((shot.lines || []).map(who))].join(', ')
  const who = line => line?.who || names()[0] || 'Narrator'
  const length = seconds => seconds >= 60 ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s` : `${seconds.toFixed(1)} s`
  const about = seconds => seconds >= 90 ? `${Math.round(seconds / 60)} min` : `${Math.max(1, Math.round(seconds))} s`
  const SHOWS = { presenter: 'On camera', animatic: 'Painted scene', picture: 'Own picture', clip: 'Own clip' }
  const showOf = shot => shot.show || 'animatic'

  // Projects
  const list = tried(async () => {
    const archived = at.archived, rows = await call('projects', { archived }), place = $('projects')
    if (archived !== at.archived) return
    $('none').hidden = rows.length > 0
    $('none').textContent = archived ? 'None is archived.' : 'None yet.'
    place.replaceChildren(...rows.map(row => {
      const item = clone('project-template')
      item.dataset.project = row.id
      item.querySelector('b').textContent = row.title
      const [count, word] = row.kind === 'audiobook' ? [row.scenes, 'chapter'] : [row.shots, 'row']
      item.querySelector('small').textContent = row.damage || `${count} ${word}${count === 1 ? '' : 's'}`
      item.querySelector('[data-do="delete"]').setAttribute('aria-label', `Delete ${row.title}`)
      item.querySelector('[data-do="copy"]').setAttribute('aria-label', `Duplicate ${row.title}`)
      const shelve = item.querySelector('[data-do="shelve"]')
      shelve.textContent = archived ? 'Bring back' : 'Archive'
      shelve.setAttribute('aria-label', `${shelve.textContent} ${row.title}`)
      return item
    }))
  })
  const address = () => {
    const url = new URL(location)
    at.id ? url.searchParams.set('project', at.id) : url.searchParams.delete('project')
    if (url.href !== location.href) history.replaceState(null, '', url)
  }
  const leave = () => { Object.assign(at, { id: '', doc: null, editing: '', job: '' }); at.seen.clear(); tools.close(); hush(); $('desk').hidden = true; $('start').hidden = false; address(); list() }
  const open = tried(async id => {
    at.id = id
    at.chapter = ''
    at.seen.clear()
    $('rows').replaceChildren()
    $('result').hidden = true
    tools.close()
    hush()
    alarm('')
    await load()
    $('start').hidden = true
    $('desk').hidden = false
    address()
    estimate()
  })
  const taken = told => {
    Object.assign(at, { doc: told.document, version: told.version })
    $('undo').disabled = !told.can_undo
    $('redo').disabled = !told.can_redo
    if (told.job && told.job !== at.job) { at.job = told.job; follow() }
    draw()
  }
  const load = async () => taken(await call('project', { project: at.id }))

  // What each row is now: asked for when changes pause, and shown when the answer is still of this version.
  let waiting = 0
  const estimate = (patience = 350) => {
    clearTimeout(waiting)
    waiting = setTimeout(async () => {
      const id = at.id
      if (!id) return
      const told = await call('project', { project: id, film: true }).catch(() => null)
      if (!told || at.id !== id) return
      at.total = told.film
      at.film = new Map((told.film?.shots || []).map(one => [one.id, one]))
      if (told.version !== at.version) taken(told)
      if (told.problem) alarm(told.problem)
      draw()
    }, patience)
  }
  // A changed field is shown at once and needs no reading of the whole document; false for whatever else a change is.
  const placed = (place, id) => place === 'shots' ? shots().find(one => one.id === id)
    : place === 'lines' ? shots().flatMap(shot => shot.lines || []).find(one => one.id === id) : null
  const shown = changes => {
    const found = changes.map(one => {
      const [, place, id, field] = /^(shots|lines)\/([\w-]+)\.(\w+)$/.exec(one.at) || []
      return one.op === 'set' && field !== 'file' && placed(place, id)
    })
    if (!changes.length || !found.every(Boolean)) return false
    changes.forEach((one, index) => { found[index][one.at.split('.').at(-1)] = one.to })
    draw()
    return true
  }
  const change = async (changes, note = '') => {
    const before = at.version, local = shown(changes)
    $('saved').textContent = 'Saving…'
    try {
      const told = await call('update_project', { project: at.id, changes, version: before, who: 'page' })
      $('saved').textContent = 'Saved'
      alarm('')
      if (note) say(note)
      if (local && told.version === before + 1) {
        at.version = told.version
        $('undo').disabled = false
        $('redo').disabled = true
      } else await load()
      estimate()
      return told
    } catch (error) {
      $('saved').textContent = 'Not saved'
      await load().catch(() => {})
      if (error.status !== 409) { alarm(error.message); return null }
      const theirs = error.told.parameters?.theirs
      alarm(`${error.message}${theirs ? ` It says now: “${String(theirs).slice(0, 120)}”.` : ''}`, () => change(changes))
      return null
    }
  }
  const set = (place, to) => ({ op: 'set', at: place, to })

  // Rows
  const stateOf = (shot, film) => {
    if (at.job && at.running && !film?.ready) return ['rendering', 'in work']
    if (film && film.ready) return ['', '']
    return film && film.spoken ? ['changed', 'to be drawn'] : ['changed', 'to be spoken']
  }
  const faceOf = shot => {
    const name = who((shot.lines || [])[0]), all = names()
    const own = at.doc.cast?.[name]?.portrait || at.portraits[Math.max(0, all.indexOf(name)) % (at.portraits.length || 1)] || ''
    return showOf(shot) === 'presenter' ? own : shot.file || ''
  }
  const picture = name => name.startsWith('samples/') ? `media/portraits/${encodeURIComponent(name.slice(8))}` : name.startsWith('files/') && !/\.(mp4|webm|mov|mkv)$/.test(name) ? `media/project-files/${encodeURIComponent(at.id)}/${encodeURIComponent(name.slice(6))}` : ''
  const fill = (row, shot, number, count) => {
    const film = at.film.get(shot.id), card = row.firstElementChild, lines = shot.lines || [], [mark, word] = stateOf(shot, film), gap = isBook() && !lines.length
    const text = lines.map(line => line.text || '').join(' '), speaker = gap ? 'Scene break' : !lines.length ? 'Silent' : isBook() ? speakers(shot) : who(lines[0])
    const asked = [shot.marked && 'marked', inDoubt(shot) && 'who speaks?'].filter(Boolean).join(', ')
    const put = (part, words) => { row.querySelector(part).textContent = words }
    row.dataset.id = shot.id
    row.setAttribute('aria-setsize', count)
    row.setAttribute('aria-posinset', number)
    card.setAttribute('aria-label', `Row ${number}, ${speaker}: ${text.slice(0, 120) || shot.see || ''}${word ? `, ${word}` : ''}${asked ? `, ${asked}` : ''}`)
    put('.dr-who', speaker)
    put('.dr-show', isBook() ? '' : `${SHOWS[showOf(shot)]}${shot.corner ? ', presenter in the corner' : ''}`)
    put('.dr-words', text || shot.see || (gap ? '· · ·' : '…'))
    row.querySelector('.dr-words').title = shot.see || ''
    put('.dr-tag', word)
    row.querySelector('.dr-tag').className = `dr-tag ${mark}`
    put('.dr-mark', asked)
    put('.dr-length', film ? `${film.spoken ? '' : 'about '}${length(film.seconds)}` : '')
    put('.dr-price', film && !film.ready ? `takes ${about(film.price_seconds)}` : '')
    const pic = row.querySelector('.dr-pic'), face = picture(faceOf(shot))
    pic.className = `dr-pic ${showOf(shot)}`
    pic.style.backgroundImage = face ? `url("${face}")` : ''
    const play = row.querySelector('[data-do="play"]')
    play.disabled = !film?.sounds?.length
    play.setAttribute('aria-label', `Play row ${number}`)
    for (const [name, on, verb] of [['ok', shot.approved, 'Approve'], ['lock', shot.locked, 'Lock']]) {
      const button = row.querySelector(`[data-do="${name}"]`)
      button.setAttribute('aria-pressed', !!on)
      button.textContent = on ? (name === 'ok' ? 'Approved' : 'Locked') : verb
      button.setAttribute('aria-label', `${button.textContent}, row ${number}`)
    }
    row.querySelector('[data-do="edit"]').setAttribute('aria-label', `Edit row ${number}`)
    row.querySelector('[data-do="again"]').setAttribute('aria-label', `Redo row ${number}`)
  }
  const signature = (shot, number, count) => JSON.stringify([shot, at.film.get(shot.id), number, count, at.running, at.doc.cast, at.doc.kind])
  const draw = () => {
    if (!at.doc) return
    at.root.dataset.kind = at.doc.kind || 'film'
    const place = $('rows'), whole = shots(), all = visible(), ids = new Set(all.map(shot => shot.id)), first = all.length ? whole.indexOf(all[0]) : 0
    for (const [id, seen] of at.seen) if (!ids.has(id)) { seen.row.remove(); at.seen.delete(id) }
    let before = null
    all.forEach((shot, index) => {
      const number = first + index + 1, mark = signature(shot, number, whole.length)
      let seen = at.seen.get(shot.id)
      if (!seen) at.seen.set(shot.id, seen = { row: clone('row-template'), mark: '' })
      if (seen.mark !== mark) { fill(seen.row, shot, number, whole.length); seen.mark = mark }
      const next = before ? before.nextElementSibling : place.firstElementChild
      if (next !== seen.row) place.insertBefore(seen.row, next)
      before = seen.row
    })
    if (!place.querySelector('.dr-card[tabindex="0"]')) place.querySelector('.dr-card')?.setAttribute('tabindex', '0')
    fields()
    chapters()
    summary(whole)
    tools.drawn()
  }
  const chapters = () => {
    const list = $('chapter'), told = (at.doc.scenes || []).map((scene, index) => [scene.id, `${index + 1}. ${scene.title || 'Chapter'}${(scene.shots || []).some(inDoubt) ? ' ?' : ''}`])
    const mark = JSON.stringify(told)
    $('chapter-field').hidden = told.length < 2
    if (list.dataset.mark !== mark && list !== document.activeElement) { list.dataset.mark = mark; list.replaceChildren(...told.map(([id, words]) => new Option(words, id))) }
    list.value = chapter()?.id || ''
  }
  // Brings a row into view, in whatever chapter it stands, and puts the focus on it.
  const show = id => {
    if (!visible().some(shot => shot.id === id)) { close(); at.chapter = sceneOf(id)?.id || ''; draw() }
    const row = at.seen.get(id)?.row
    if (row) focused(row)
  }
  const fields = () => {
    for (const field of at.root.querySelectorAll('[data-field]')) {
      if (field === document.activeElement) continue
      const [part, name] = field.dataset.field.split('.'), value = part === 'project' ? at.doc[name] : (at.doc[part] || {})[name]
      const usual = { 'look.ratio': '16:9', 'look.height': 720, 'captions.mode': 'burned', 'project.kind': 'film' }[field.dataset.field]
      const text = String(value ?? usual ?? '')
      if (field.tagName === 'SELECT' && ![...field.options].some(one => one.value === text)) field.add(new Option(text, text))
      field.value = text
    }
    const origin = at.doc.origin || {}
    const facts = { 'not checked': 'Facts not checked.', 'from the notes': 'Every row is from your notes.' }[origin.facts] || ''
    $('origin').textContent = [origin.by ? `Written by the ${origin.by}.` : '', facts, covered(at.doc.book?.reading, origin.source)].filter(Boolean).join(' ')
    cast()
  }
  const covered = (reading, source) => {
    if (!reading?.source) return ''
    const part = count => `${(count / reading.source * 100).toFixed(1)} %`, complete = reading.complete ?? true
    const left = Object.entries(reading.left_out || {}).map(([kind, count]) => `${part(count)} ${kind}`)
    return `${source}: ${complete ? '100 % covered' : `not all covered, near “${reading.missing || ''}”`}, ${part(reading.kept || 0)} in the board${left.length ? `; left out: ${left.join(', ')}` : ''}.`
  }
  const cast = () => {
    const place = $('cast'), mark = JSON.stringify([at.doc.cast, at.voices.length, at.portraits])
    if (place.dataset.mark === mark || place.contains(document.activeElement)) return
    place.dataset.mark = mark
    place.replaceChildren(...Object.entries(at.doc.cast || {}).map(([name, member]) => {
      const piece = clone('member-template'), [voice, face] = piece.querySelectorAll('select')
      piece.dataset.name = name
      piece.querySelector('b').textContent = name
      const faces = at.portraits.map(one => ({ value: one, words: one.replace(/^samples\//, '').replace(/\.\w+$/, '').replaceAll('-', ' ') }))
      for (const [list, options, value] of [[voice, at.voices, member.voice || ''], [face, faces, member.portrait || '']]) {
        const own = options.some(one => one.value === value) || !value ? [] : [{ value, words: value }]
        for (const one of [{ value: '', words: 'Usual' }, ...options, ...own]) list.add(new Option(one.words, one.value))
        list.value = value
      }
      voice.setAttribute('aria-label', `Voice of ${name}`)
      face.setAttribute('aria-label', `Face of ${name}`)
      return piece
    }))
  }
  const summary = all => {
    const open = isBook() ? 0 : all.filter(shot => !shot.approved).length, total = at.total, doubtful = all.flatMap(shot => shot.lines || []).filter(line => line.doubt != null).length
    const parts = []
    if (total) {
      parts.push(length(total.seconds))
      const todo = total.shots.filter(one => !one.ready).length
      parts.push(todo ? `${todo} of ${all.length} rows to be made` : 'every row is made')
      parts.push(`about ${about(total.price_seconds)} on this machine${total.measured ? '' : ', not measured here yet'}`)
    }
    const marked = all.filter(shot => shot.marked).length
    if (marked) parts.push(`${marked} marked`)
    if (doubtful) parts.push(`${doubtful} ${doubtful === 1 ? 'speaker' : 'speakers'} to check`)
    $('sum').textContent = parts.join(' · ')
    $('render').textContent = isBook() ? 'Make the audiobook' : open ? 'Approve and render' : 'Render'
    $('render').disabled = !all.length || at.running
    $('approve').hidden = !open
    $('stop').hidden = !at.running
    $('progress').hidden = !at.running
  }

  // The film's job
  let following = 0
  const ENDED = ['done', 'failed', 'cancelled', 'interrupted']
  const follow = async () => {
    clearTimeout(following)
    const id = at.job
    if (!id || !at.id) return
    const job = await call('job', { job_id: id }).catch(() => null)
    if (at.job !== id) return
    if (!job) { following = setTimeout(follow, 2000); return } // the server is being started again
    const was = at.running
    at.running = !ENDED.includes(job.state)
    $('bar').value = job.progress
    $('note').textContent = `${Math.round(job.progress * 100)} % ${job.note || ''}`
    if (at.running) { if (!was) { say(`The ${noun()} is being made.`); draw() } following = setTimeout(follow, 1000); return }
    if (job.state === 'failed') alarm(job.error ? `${job.error.reason} ${job.error.hint || ''}`.trim() : `The ${noun()} failed.`)
    if (job.state === 'done') {
      const made = job.outputs.find(one => one.kind === 'video' || one.kind === 'audio'), zip = job.outputs.find(one => one.kind === 'archive')
      if ($('video').getAttribute('src') !== made.url) $('video').src = made.url
      $('download').href = `${made.url}?download=true`
      $('download').textContent = made.kind === 'video' ? 'Download the film' : 'Download the audiobook (M4B)'
      $('mp3').hidden = !zip
      if (zip) $('mp3').href = `${zip.url}?download=true`
      $('result').hidden = false
      if (was) { say(`The ${noun()} is ready.`); $('result').scrollIntoView({ block: 'nearest' }) }
    }
    estimate(0)
    draw()
  }
  const render = tried(async () => {
    $('render').disabled = true
    try {
      const job = await call('render_project', { project: at.id, approve: true })
      at.job = job.id
      at.running = true
      const unseen = isBook() ? [] : shots().filter(shot => !shot.approved).map(shot => set(`shots/${shot.id}.approved`, true))
      if (unseen.length) await change(unseen)
      follow()
    } finally { draw() }
  })

  // Sounds of a row, one after the other
  const player = new Audio()
  let queue = []
  let heardRow = ''
  const next = () => {
    const url = queue.shift()
    if (url) { player.src = url; player.play().catch(() => {}) } else if (at.listening) onward(1)
  }
  player.addEventListener('ended', next)
  const hush = () => { player.pause(); queue = []; at.listening = false; heardRow = '' }
  const play = id => {
    const playing = !player.paused
    hush()
    if (playing) return
    heardRow = id
    queue = [...(at.film.get(id)?.sounds || [])]
    next()
  }
  // Proof-listening: row after row from the one in focus, which goes along; a second press pauses, in the same row it goes on.
  const listen = id => {
    if (at.listening && !player.paused) { player.pause(); return }
    if (at.listening && heardRow === id && player.src && !player.ended) { player.play().catch(() => {}); return }
    hear(id)
  }
  const hear = id => {
    hush()
    if (!shots().some(shot => at.film.get(shot.id)?.sounds?.length)) { say('Nothing is spoken yet: render first.'); return }
    at.listening = true
    heardRow = id
    queue = [...(at.film.get(id)?.sounds || [])]
    next()
  }
  const onward = way => {
    const all = shots(), from = all.findIndex(shot => shot.id === heardRow)
    let index = from + way
    while (all[index] && !at.film.get(all[index].id)?.sounds?.length) index += way
    if (from < 0 || !all[index]) { hush(); return }
    const before = at.seen.get(heardRow)?.row.firstElementChild
    if (before && document.activeElement === before) show(all[index].id)
    hear(all[index].id)
  }
  const skip = seconds => { if (player.src) player.currentTime = Math.max(0, Math.min(player.duration || 0, player.currentTime + seconds)) }
  const focused = row => {
    const card = row.firstElementChild
    for (const one of $('rows').querySelectorAll('.dr-card[tabindex="0"]')) one.setAttribute('tabindex', '-1')
    card.setAttribute('tabindex', '0')
    card.focus()
  }
  const marked = id => {
    const all = shots(), from = all.findIndex(shot => shot.id === id), found = [...all.slice(from + 1), ...all.slice(0, from + 1)].find(shot => shot.marked)
    if (found) show(found.id)
    else say('No row is marked.')
  }

  // Editing a row
  const how = line => ({ speed: String(line.speed ?? 1), pause: String(line.pause ?? ''), emphasis: line.emphasis || '', take: String(line.take ?? 0) })
  const edit = id => {
    close()
    const shot = shots().find(one => one.id === id), row = at.seen.get(id)?.row
    if (!shot || !row) return
    at.editing = id
    const form = clone('edit-template'), place = form.querySelector('.dr-lines')
    for (const line of shot.lines || []) {
      const piece = clone('line-template'), list = piece.querySelector('select')
      piece.dataset.line = line.id
      for (const name of new Set([...names(), who(line)])) list.add(new Option(name, name))
      list.value = who(line)
      piece.querySelector('textarea').value = line.text || ''
      for (const [name, value] of Object.entries(how(line))) piece.querySelector(`[data-how="${name}"]`).value = value
      piece.querySelector('details').open = ['speed', 'pause', 'emphasis', 'take'].some(name => line[name] != null)
      place.append(piece)
    }
    form.querySelector('[data-edit="show"]').value = showOf(shot)
    form.querySelector('[data-edit="see"]').value = shot.see || ''
    form.querySelector('[data-edit="corner"]').checked = !!shot.corner
    const file = form.querySelector('.dr-file'), needs = () => { file.hidden = !['picture', 'clip'].includes(form.querySelector('[data-edit="show"]').value) }
    form.querySelector('[data-el="file-name"]').textContent = shot.file ? shot.file.replace(/^files\//, '') : ''
    form.querySelector('[data-edit="show"]').addEventListener('change', needs)
    needs()
    form.dataset.base = at.version
    form.dataset.was = JSON.stringify(shot)
    row.append(form)
    form.addEventListener('submit', event => { event.preventDefault(); save(form, id) })
    form.querySelector('textarea, input').focus({ preventScroll: true })
    form.scrollIntoView({ block: 'center' })
  }
  const close = (focus = false) => {
    const row = at.seen.get(at.editing)?.row
    row?.querySelector('.dr-edit')?.remove()
    if (focus) row?.firstElementChild.focus({ preventScroll: true })
    at.editing = ''
  }
  const save = tried(async (form, id) => {
    const was = JSON.parse(form.dataset.was), changes = []
    for (const piece of form.querySelectorAll('.dr-line')) {
      const line = was.lines.find(one => one.id === piece.dataset.line)
      const text = piece.querySelector('textarea').value, name = piece.querySelector('select').value
      if (text !== (line.text || '')) changes.push(set(`lines/${line.id}.text`, text))
      if (name !== who(line)) changes.push(set(`lines/${line.id}.who`, name), ...(line.doubt == null ? [] : [set(`lines/${line.id}.doubt`, null)]))
      for (const [field, before] of Object.entries(how(line))) {
        const now = piece.querySelector(`[data-how="${field}"]`).value.trim()
        if (now !== before) changes.push(set(`lines/${line.id}.${field}`, field === 'emphasis' ? now : now === '' ? { pause: null, speed: 1, take: 0 }[field] : Number(now)))
      }
    }
    const value = name => form.querySelector(`[data-edit="${name}"]`)
    if (value('show').value !== showOf(was)) changes.push(set(`shots/${id}.show`, value('show').value))
    if (value('see').value !== (was.see || '')) changes.push(set(`shots/${id}.see`, value('see').value))
    if (value('corner').checked !== !!was.corner) changes.push(set(`shots/${id}.corner`, value('corner').checked))
    const file = value('upload').files[0]
    if (file && !value('upload').closest('label').hidden) {
      const sent = new FormData()
      sent.append('file', file)
      const answer = await fetch('api/v1/uploads', { method: 'POST', body: sent }), told = await answer.json()
      if (!answer.ok) throw new Error(told.detail)
      changes.push(set(`shots/${id}.file`, told.files[0].file))
    }
    const version = at.version
    at.version = Math.min(version, Number(form.dataset.base))
    if (!changes.length) { at.version = version; close(true); return }
    if (await change(changes, 'Saved.')) close(true)
  })
  const moved = (id, way) => {
    const scene = sceneOf(id), all = scene.shots, index = all.findIndex(shot => shot.id === id), goal = index + way
    if (goal < 0 || goal >= all.length) return
    const after = way > 0 ? all[goal].id : goal ? all[goal - 1].id : ''
    change([{ op: 'move', at: `shots/${id}`, to: `scenes/${scene.id}`, after }])
  }
  const removed = id => { close(); change([{ op: 'delete', at: `shots/${id}` }], 'The row was removed. Undo brings it back.') }
  const add = () => {
    const item = { show: 'animatic', lines: [{ who: names()[0] || '', text: '' }] }, scene = chapter() || at.doc.scenes?.at(-1)
    const before = new Set(shots().map(shot => shot.id))
    const made = scene ? change([{ op: 'insert', at: `scenes/${scene.id}`, item }]) : change([{ op: 'insert', at: 'project', item: { shots: [item] } }])
    made.then(done => { const fresh = done && shots().find(shot => !before.has(shot.id)); if (fresh) edit(fresh.id) })
  }
  const again = id => {
    const shot = shots().find(one => one.id === id), chance = Math.floor(Math.random() * 1e9)
    change([set(`shots/${id}.seed`, chance), ...(shot.marked ? [set(`shots/${id}.marked`, false)] : []), ...(shot.lines || []).map(line => set(`lines/${line.id}.take`, (line.take || 0) + 1))], 'The row will be made anew.')
  }
  const flip = (id, name) => change([set(`shots/${id}.${name}`, !shots().find(one => one.id === id)[name])])
  const turn = tried(async way => {
    close()
    await call('update_project', { project: at.id, turn: way, who: 'page' })
    await load()
    estimate()
    say(way === 'undo' ? 'Undone.' : 'Done again.')
  })

  const ACTS = {
    leave, add, render, play, listen, edit, marked, close: () => close(true), again, undo: () => turn('undo'), redo: () => turn('redo'),
    mark: id => flip(id, 'marked'), ok: id => flip(id, 'approved'), lock: id => flip(id, 'locked'), up: id => moved(id, -1), down: id => moved(id, 1), remove: removed,
    approve: () => change(shots().filter(shot => !shot.approved).map(shot => set(`shots/${shot.id}.approved`, true)), 'Approved.'),
    stop: tried(() => call('cancel', { job_id: at.job }).then(follow)),
    'hide-alert': () => alarm(''),
    'use-mine': () => { const mine = at.mine; alarm(''); mine?.() },
  }
  const LISTED = {
    open: id => open(id),
    shelve: tried(async id => { await call('update_project', { project: id, changes: [set('project.archived', !at.archived)], who: 'page' }); await list() }),
    copy: tried(async id => { await call('make_project', { copy_of: id }); list() }),
    delete: tried(async id => { const told = await call('delete_project', { project: id }); await list(); alarm('The project was deleted.', tried(async () => { await call('make_project', { restore: told.key }); list() })); $('alert').querySelector('[data-do="use-mine"]').textContent = 'Undo' }),
  }
  const clicked = event => {
    const button = event.target.closest('[data-do]')
    if (!button || button.disabled) return
    const project = button.closest('[data-project]')?.dataset.project, name = button.dataset.do
    if (project && LISTED[name]) { LISTED[name](project); return }
    if (name !== 'delete') $('alert').querySelector('[data-do="use-mine"]').textContent = 'Use mine'
    ACTS[name]?.(button.closest('.dr-row')?.dataset.id)
  }
  const chosen = event => {
    const field = event.target
    if (field.dataset.field) change([set(field.dataset.field, 'number' in field.dataset ? Number(field.value) : field.value)])
    if (field.dataset.el === 'chapter') { close(); at.chapter = field.value; draw() }
    if (field.dataset.member) change([set(`cast/${field.closest('.dr-member').dataset.name}.${field.dataset.member}`, field.value)])
  }
  const keys = event => {
    if (event.isComposing || !at.doc) return
    const inField = event.target.closest('input, textarea, select')
    if (event.key === 'Escape' && at.editing) { close(true); return }
    if (inField && (event.ctrlKey || event.metaKey) && event.key === 'Enter') { event.target.closest('form')?.requestSubmit(); return }
    const row = event.target.closest('.dr-row')
    if (inField || !row || event.target !== row.firstElementChild || event.ctrlKey || event.metaKey || event.altKey) return
    const rows = [...$('rows').children], index = rows.indexOf(row), steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, Home: -rows.length, End: rows.length }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const act = { Enter: 'edit', ' ': 'listen', a: 'ok', l: 'lock', r: 'again', m: 'mark', n: 'marked' }[key]
    if (key in steps) {
      event.preventDefault()
      const goal = rows[Math.min(rows.length - 1, Math.max(0, index + steps[key]))]
      focused(goal)
      if (at.listening && !player.paused) hear(goal.dataset.id)
    } else if (key === '[' || key === ']') { event.preventDefault(); skip(key === '[' ? -3 : 3) } else if (act) { event.preventDefault(); ACTS[act](row.dataset.id) }
  }
  const start = element => {
    if (at.root === element) return
    at.root = element
    tools.start()
    offerModel()
    element.addEventListener('click', clicked)
    element.addEventListener('change', chosen)
    element.addEventListener('keydown', keys)
    $('form').addEventListener('submit', event => {
      event.preventDefault()
      write()
    })
    const asked = new URL(location).searchParams.get('project')
    if (asked) open(asked).then(() => { if (!at.doc) leave() }); else list()
  }
  const tools = greenroom.boardTools({ at, $, call, tried, change, set, say, alarm, shots, who, load, estimate, open, leave, list, show, isBook })
  // By the language model it is a job, which goes on when the page is closed; its history names the project.
  const written = async (topic, seed) => {
    const { id } = await call('submit', { kind: 'write_board', spec: { topic, seed } })
    for (;;) {
      await new Promise(done => setTimeout(done, 1000))
      const job = await call('job', { job_id: id })
      $('writing').textContent = job.note || 'Waiting'
      if (job.state === 'done') return { id: (await call('job_history', { job_id: id })).events.find(one => one.kind === 'project').data.id }
      if (ENDED.includes(job.state)) throw new Error(job.error ? `${job.error.reason} ${job.error.hint || ''}`.trim() : 'The board was not written.')
    }
  }
  const write = tried(async () => {
    const topic = at.root.querySelector('#director-topic'), notes = at.root.querySelector('#director-notes')
    $('write').disabled = true
    try {
      const seed = Math.floor(Math.random() * 1e6), asked = at.root.querySelector('#director-model').checked && !$('by-model').hidden && !notes.value.trim()
      const made = asked ? await written(topic.value, seed) : await call('make_project', { topic: topic.value, notes: notes.value, seed })
      topic.value = notes.value = ''
      await open(made.id)
      say('The board is written.')
    } finally { $('write').disabled = false }
  })
  // Others' changes: the studio tells over the page's socket that some project is another one now.
  const heard = () => { if (at.id && at.root.offsetParent !== null) estimate(0); else if (!at.id && at.root) list() }
  const offerModel = () => {
    if (!at.root) return
    $('by-model').hidden = !at.model
    $('model').textContent = at.model || ''
  }
  // The voices and faces that there are, from a piece that is drawn anew when they change.
  const offered = element => {
    at.voices = [...element.querySelectorAll('[data-voice]')].map(one => ({ value: one.dataset.voice, words: one.textContent }))
    at.model = element.querySelector('[data-choices]')?.dataset.model || ''
    offerModel()
    at.portraits = [...element.querySelectorAll('[data-portrait]')].map(one => one.dataset.portrait)
    if (at.doc) draw()
  }
  return { start, heard, offered, at }
})()
