// The tools of a board, each a panel that is drawn when it is opened: the project as files, its snapshots, the cast, words, music, keys.
greenroom.boardTools = kit => {
  const { at, $, call, tried, change, set, say, alarm, shots, who } = kit
  const h = (name, given = {}, ...inside) => {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(given)) key in made && key !== 'list' ? made[key] = value : made.setAttribute(key, value)
    made.append(...inside)
    return made
  }
  const button = (words, press, given = {}) => h('button', { type: 'button', className: 'btn small', onclick: press, ...given }, words)
  const field = (words, input, wide = false) => h('label', { className: wide ? 'dr-wide' : '' }, words, ' ', input)
  const select = (options, value = '', given = {}) => {
    const made = h('select', given, ...options.map(([key, words]) => new Option(words, key)))
    if (value && !options.some(([key]) => key === value)) made.add(new Option(value.replace(/^files\//, ''), value))
    made.value = value
    return made
  }
  const sent = async file => {
    const form = new FormData()
    form.append('file', file)
    const answer = await fetch('api/v1/uploads', { method: 'POST', body: form }), told = await answer.json()
    if (!answer.ok) throw new Error(told.detail)
    return told.files[0].file
  }
  const picker = (words, accept, taken) => h('label', { className: 'dr-pick' }, words, ' ', h('input', { type: 'file', accept, onchange: tried(async event => {
    const file = event.target.files[0]
    if (!file) return
    try { await taken(file) } finally { event.target.value = '' } // the same file may be taken again
  }) }))
  const busy = work => tried(async event => {
    const pressed = event.currentTarget
    pressed.disabled = true
    try { await work(event) } finally { pressed.disabled = false }
  })

  // The project as files
  const FORMATS = [
    ['everything', 'Everything: film, clips, stems, timelines, subtitles (ZIP)'], ['otio', 'Timeline, OpenTimelineIO (OTIO)'], ['fcpxml', 'Timeline, FCPXML 1.10'],
    ['edl', 'Timeline, EDL (CMX 3600)'], ['stems', 'Stems: a WAV for each voice (ZIP)'], ['srt', 'Subtitles, SRT'], ['vtt', 'Subtitles, VTT'], ['ass', 'Subtitles, ASS'],
    ['project', 'The project, for another studio (ZIP)'], ['yaml', 'The board alone (YAML)'],
  ]
  // What takes long is a job, which goes on when the page is closed; its file is in the library.
  const packing = { id: '', line: h('p', { className: 'dr-by', hidden: true }), bar: h('progress', { max: 1, value: 0, ariaLabel: 'Progress of the export' }), note: h('span') }
  packing.line.append(packing.bar, packing.note, button('Stop', tried(() => call('cancel', { job_id: packing.id })), { ariaLabel: 'Stop the export' }))
  const packed = async format => {
    const { id } = await call('submit', { kind: 'export_project', spec: { project: at.id, format } })
    packing.id = id
    packing.bar.value = 0
    packing.line.hidden = false
    alarm('')
    for (;;) {
      await new Promise(done => setTimeout(done, 700))
      const job = await call('job', { job_id: id }).catch(() => null) // the server may be being started again
      if (!job || packing.id !== id) { if (packing.id !== id) return; continue }
      packing.bar.value = job.progress
      packing.note.textContent = `${Math.round(job.progress * 100)} % ${job.note || ''}`
      if (!['done', 'failed', 'cancelled', 'interrupted'].includes(job.state)) continue
      packing.line.hidden = true
      if (job.state === 'done') { say('The file is ready; it is in the library too.'); location.href = `${job.outputs[0].url}?download=true` }
      else if (job.state === 'cancelled') say('The export was stopped.')
      else throw new Error(job.error ? `${job.error.reason} ${job.error.hint || ''}`.trim() : 'The export failed.')
      return
    }
  }
  const files = () => {
    const format = select(kit.isBook() ? FORMATS.slice(-2) : FORMATS, kit.isBook() ? 'project' : 'everything', { id: 'dr-format' })
    const told = h('ul', { className: 'dr-notes' })
    const many = (count, one, more) => count ? [`${count} ${count === 1 ? one : more}`] : []
    return [
      h('p', { className: 'dr-by' }, field('Export as', format), button('Export', busy(async () => {
        say('The file is being written.')
        if (['everything', 'stems'].includes(format.value)) { await packed(format.value); return }
        const made = await call('export_project', { project: at.id, format: format.value })
        alarm('')
        say('The file is ready.')
        location.href = made.url
      }))),
      packing.line,
      h('p', { className: 'dr-by dr-if-film' }, picker('Take an edited timeline back (.otio)', '.otio', async file => {
        const done = await call('import_timeline', { project: at.id, file: await sent(file), version: at.version })
        await kit.load()
        kit.estimate()
        const parts = [...many(done.resized.length, 'row lasts longer or shorter', 'rows last longer or shorter'), ...many(done.moved.length, 'row moved', 'rows moved'), ...many(done.removed.length, 'row removed', 'rows removed')]
        alarm('')
        const summary = parts.length ? `Taken: ${parts.join(', ')}. Undo takes it back.` : 'The timeline is as the board already.'
        told.replaceChildren(...[summary, ...done.notes].map(words => h('li', {}, words)))
        say(summary)
      })),
      told,
      h('p', { className: 'dr-by' }, button('Duplicate', busy(async () => { const made = await call('make_project', { copy_of: at.id }); await kit.open(made.id); say('This is the copy.') })),
        button('Archive', tried(async () => { if (await change([set('project.archived', true)])) kit.leave() }))),
    ]
  }

  // Snapshots
  const versions = () => {
    const name = h('input', { maxLength: 80, placeholder: 'Before the cut' }), place = h('ul', { className: 'dr-listed' })
    let asked = 0
    const list = tried(async () => {
      const mine = ++asked, found = await call('snapshots', { project: at.id })
      if (mine !== asked) return // asked again meanwhile: only the last answer counts
      place.replaceChildren(...(found.length ? found.map(one => h('li', {}, h('span', {}, `${one.name}, ${new Date(one.at * 1000).toLocaleString()}`), button('Go back to it', tried(async () => {
        await call('restore_snapshot', { project: at.id, snapshot: one.id, who: 'page' })
        await kit.load()
        kit.estimate()
        say(`The board is as it was at ${one.name}. Undo takes that back.`)
      }), { ariaLabel: `Go back to ${one.name}` }))) : [h('li', {}, 'None yet.')]))
    })
    list()
    return [h('form', { className: 'dr-by', onsubmit: tried(async event => {
      event.preventDefault()
      const typed = name.value, kept = await call('keep_snapshot', { project: at.id, name: typed })
      if (name.value === typed) name.value = ''
      say(`Kept as ${kept.name}.`)
      await list()
    }) }, field('Name', name), h('button', { type: 'submit', className: 'btn small' }, 'Keep a snapshot')), place]
  }

  // Who speaks
  const cast = () => {
    const used = new Map()
    for (const shot of shots()) for (const line of shot.lines || []) used.set(who(line), (used.get(who(line)) || 0) + 1)
    const voices = [['', 'Usual'], ...at.voices.map(one => [one.value, one.words])]
    const faces = [['', 'Usual'], ...at.portraits.map(one => [one, one.replace(/^samples\//, '').replace(/\.\w+$/, '').replaceAll('-', ' ')])]
    const rows = Object.entries(at.doc.cast || {}).map(([name, member]) => {
      const lines = used.get(name) || 0
      let called = name // what was typed elsewhere in the panel stays where it is when somebody is called otherwise
      const renamed = async event => {
        const to = event.target.value.trim(), from = called
        if (to && to !== from && await change([{ op: 'rename', at: `cast/${from}`, to }], `${from} is called ${to}.`)) called = to
      }
      return h('li', {},
        h('input', { value: name, maxLength: 60, ariaLabel: `Name of ${name}`, onchange: renamed }),
        select(voices, member.voice, { ariaLabel: `Voice of ${name}`, onchange: event => change([set(`cast/${called}.voice`, event.target.value)]) }),
        select(faces, member.portrait, { ariaLabel: `Face of ${name}`, onchange: event => change([set(`cast/${called}.portrait`, event.target.value)]) }),
        picker('Own face', 'image/*', async file => { await change([set(`cast/${called}.portrait`, await sent(file))], `${called} has another face.`); redraw() }),
        h('small', {}, lines === 1 ? '1 line' : `${lines} lines`),
        button('Remove', async () => { if (await change([{ op: 'delete', at: `cast/${called}` }], `${called} was removed.`)) redraw() }, { disabled: lines > 0, ariaLabel: `Remove ${name}`, title: lines ? 'Give the lines to somebody else first.' : '' }))
    })
    const name = h('input', { maxLength: 60, placeholder: 'Name', 'data-kept': '' })
    return [h('ul', { className: 'dr-listed' }, ...rows), h('form', { className: 'dr-by', onsubmit: async event => {
      event.preventDefault()
      const typed = name.value, to = typed.trim()
      if (!to || !await change([{ op: 'insert', at: `cast/${to}`, item: {} }], `${to} is in the cast. Choose who speaks where a row is edited.`)) return
      const now = $('panel').querySelector('[data-kept]')
      if (now?.value === typed) now.value = ''
      if (at.tool === 'cast') redraw()
    } }, field('Somebody new', name), h('button', { type: 'submit', className: 'btn small' }, 'Add'))]
  }

  // Words in all rows
  const words = () => {
    const find = h('input', { type: 'search', maxLength: 200 }), put = h('input', { maxLength: 200 })
    const exact = h('input', { type: 'checkbox' }), whole = h('input', { type: 'checkbox', checked: true })
    const place = h('ul', { className: 'dr-listed' }), all = button('Replace all', null, { disabled: true })
    const found = () => {
      if (!find.value) return []
      const literal = find.value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const edge = whole.checked ? ['(?<![\\p{L}\\p{N}_])', '(?![\\p{L}\\p{N}_])'] : ['', '']
      const sign = new RegExp(`${edge[0]}${literal}${edge[1]}`, `gu${exact.checked ? '' : 'i'}`)
      return shots().flatMap((shot, index) => (shot.lines || []).map(line => ({ line, row: index + 1, locked: shot.locked, text: line.text || '', to: (line.text || '').replace(sign, () => put.value) })))
        .filter(one => (one.text.match(sign) || []).length)
    }
    const show = () => {
      const hits = found(), free = hits.filter(one => !one.locked)
      place.replaceChildren(...hits.slice(0, 50).map(one => h('li', {}, h('span', {}, h('b', {}, `Row ${one.row} `), one.text.slice(0, 160), one.locked ? ' (locked, stays)' : '', ...(one.locked || one.to === one.text ? [] : [h('br'), `→ ${one.to.slice(0, 160)}`])))),
        ...(hits.length > 50 ? [h('li', {}, `and ${hits.length - 50} more rows`)] : []), ...(find.value && !hits.length ? [h('li', {}, 'Nobody says that.')] : []))
      all.textContent = free.length ? `Replace in ${free.length} ${free.length === 1 ? 'line' : 'lines'}` : 'Replace'
      all.disabled = !free.some(one => one.to !== one.text)
    }
    all.onclick = async () => {
      const changes = found().filter(one => !one.locked && one.to !== one.text).map(one => set(`lines/${one.line.id}.text`, one.to))
      if (changes.length && await change(changes, `Replaced in ${changes.length} ${changes.length === 1 ? 'line' : 'lines'}. Undo takes it back.`)) show()
    }
    for (const one of [find, put]) one.oninput = show
    for (const one of [exact, whole]) one.onchange = show
    return [h('p', { className: 'dr-by' }, field('Find', find), field('Replace by', put), h('label', { className: 'dr-check' }, exact, ' Match case'), h('label', { className: 'dr-check' }, whole, ' Whole words'), all), place]
  }

  // What the files of an audiobook tell
  const book = () => {
    const now = at.doc.book || {}
    const text = (name, words, longest, wide = false) => field(words, h('input', { value: now[name] || '', maxLength: longest, onchange: event => change([set(`book.${name}`, event.target.value)]) }), wide)
    const tick = (name, words) => h('label', { className: 'dr-check' }, h('input', { type: 'checkbox', checked: now[name] ?? true, onchange: event => change([set(`book.${name}`, event.target.checked)]) }), ` ${words}`)
    const cover = (now.cover || '').startsWith('files/') ? [h('img', { src: `media/project-files/${encodeURIComponent(at.id)}/${encodeURIComponent(now.cover.slice(6))}`, alt: 'Cover', height: 96 })] : []
    return [h('p', { className: 'dr-by' }, text('author', 'Author', 200), text('narrator', 'Narrator’s name', 200), text('date', 'Date', 40)), h('p', { className: 'dr-by' }, text('description', 'Description', 4000, true)),
      h('p', { className: 'dr-by' }, ...cover, picker(cover.length ? 'Another cover' : 'Cover', 'image/*', async file => { if (await change([set('book.cover', await sent(file))], 'The book has another cover.')) redraw() }), tick('credits', 'Say title and author first'), tick('chapter_files', 'An MP3 for each chapter (ACX)'))]
  }

  // Who speaks where the rule was not sure, the least sure first
  const review = () => {
    const all = shots(), cast = Object.keys(at.doc.cast || {})
    const lines = all.flatMap((shot, index) => (shot.lines || []).map(line => ({ line, shot, row: index + 1, before: (all[index - 1]?.lines || []).map(one => one.text || '').join('') })))
    const doubtful = lines.filter(one => one.line.doubt != null).sort((one, other) => one.line.doubt - other.line.doubt)
    const decided = async (line, name) => {
      const changes = [set(`lines/${line.id}.doubt`, null), ...(name === who(line) ? [] : [set(`lines/${line.id}.who`, name)])]
      if (await change(changes, `${name} says it.`)) redraw()
    }
    const item = ({ line, shot, row, before }) => h('li', {},
      h('span', {}, ...(before ? [h('small', {}, `…${before.slice(-140)} `), h('br')] : []), h('b', {}, `Row ${row}, ${who(line)}: `), shot.lines.map(one => one.text || '').join('').slice(0, 400)),
      button(`${who(line)} is right`, () => decided(line, who(line)), { disabled: !!shot.locked, ariaLabel: `Row ${row}: ${who(line)} is right` }),
      ...(line.other && line.other !== who(line) ? [button(line.other, () => decided(line, line.other), { disabled: !!shot.locked, ariaLabel: `Row ${row}: ${line.other} says it` })] : []),
      select(cast.map(name => [name, name]), who(line), { ariaLabel: `Row ${row}: who says it`, disabled: !!shot.locked, onchange: event => decided(line, event.target.value) }),
      button('Show', () => kit.show(shot.id), { ariaLabel: `Show row ${row}` }))
    return [h('p', { className: 'dr-by' }, h('small', {}, doubtful.length ? `${doubtful.length} ${doubtful.length === 1 ? 'line' : 'lines'} to look at, the most doubtful first. One press decides; Undo takes it back.` : 'Every line has its speaker.')), h('ul', { className: 'dr-listed' }, ...doubtful.slice(0, 100).map(item))]
  }

  // Music
  const music = () => {
    const now = at.doc.music || {}, level = now.level ?? -12
    const choice = select([['', 'None']], now.file || '', { id: 'dr-music' })
    choice.onchange = () => change([set('music.file', choice.value)], choice.value ? 'Music lies under the speech.' : 'Without music.')
    tried(async () => {
      for (const one of await call('outputs', { limit: 200 })) if (one.kind === 'audio' && one.id !== now.file) choice.add(new Option(one.title, one.id))
    })()
    const told = h('output', {}, `${level} dB`)
    const slide = h('input', { type: 'range', min: -40, max: 0, step: 1, value: level, oninput: () => { told.textContent = `${slide.value} dB` }, onchange: () => change([set('music.level', Number(slide.value))]) })
    return [h('p', { className: 'dr-by' }, field('Music', choice), picker('Own file', 'audio/*', async file => { if (await change([set('music.file', await sent(file))], 'Music lies under the speech.')) redraw() }), field('Level', slide), told),
      h('p', { className: 'dr-by' }, h('small', {}, 'It is led under whoever speaks, goes round to the end, and fades out.'))]
  }

  const BOOKS = '.epub,.docx,.odt,.pdf,.html,.htm,.xhtml,.md,.markdown,.txt,.srt,.vtt,.ass,.ssa,.fountain,.csv,.tsv,.zip,.yaml,.yml'
  const KEYS = [['Space', 'listen from this row on, and pause'], ['J K or ↑ ↓', 'next row, row before; the sound follows'], ['[ ]', 'three seconds back, on'], ['M', 'mark the row, to come back to it'], ['N', 'the next marked row'],
    ['R', 'redo: said and drawn anew, the mark goes'], ['Enter', 'edit; Ctrl+Enter saves, Esc closes'], ['A', 'approve'], ['L', 'lock'], ['Home End', 'first row, last row']]
  const keys = () => [h('dl', { className: 'dr-keys' }, ...KEYS.flatMap(([key, does]) => [h('dt', {}, key), h('dd', {}, does)])), h('p', { className: 'dr-by' }, h('small', {}, 'With a row in focus.'))]

  const TOOLS = { review: ['Speakers', review], book: ['Book', book], files: ['Export', files], versions: ['Snapshots', versions], cast: ['Cast', cast], words: ['Find', words], music: ['Music', music], keys: ['Keys', keys] }
  const marks = { review: () => [at.doc.scenes, at.doc.cast], book: () => at.doc.book, cast: () => [at.doc.cast, at.voices, at.portraits], music: () => at.doc.music }
  const mark = () => `${at.id} ${at.tool} ${JSON.stringify(marks[at.tool]?.() ?? '')}`
  const redraw = () => {
    const panel = $('panel'), controls = () => [...panel.querySelectorAll('input, select, button')]
    const place = controls().indexOf(document.activeElement), typed = at.tool && panel.dataset.tool === at.tool ? panel.querySelector('[data-kept]')?.value : ''
    panel.dataset.tool = at.tool
    panel.hidden = !at.tool
    for (const one of $('tools').children) one.setAttribute('aria-expanded', one.dataset.tool === at.tool)
    panel.dataset.mark = at.tool ? mark() : ''
    panel.replaceChildren(...(at.tool ? TOOLS[at.tool][1]() : []))
    if (at.tool) panel.setAttribute('aria-label', TOOLS[at.tool][0])
    if (typed) panel.querySelector('[data-kept]').value = typed
    if (place >= 0 && at.tool) (controls()[place] || controls().at(-1))?.focus({ preventScroll: true })
  }
  const press = name => { at.tool = at.tool === name ? '' : name; redraw(); if (at.tool) $('panel').querySelector('input, select, button')?.focus({ preventScroll: true }) }
  // What others changed is drawn at once, but never under the hands of a person.
  const drawn = () => {
    const doubtful = shots().some(shot => (shot.lines || []).some(line => line.doubt != null)), unused = { book: !kit.isBook(), music: kit.isBook(), review: !doubtful && at.tool !== 'review' }
    for (const one of $('tools').children) one.hidden = !!unused[one.dataset.tool]
    if (at.tool && $('panel').dataset.mark !== mark() && !$('panel').contains(document.activeElement)) redraw()
  }
  const start = () => {
    $('tools').replaceChildren(...Object.entries(TOOLS).map(([name, [title]]) => button(title, () => press(name), { className: 'btn small quiet', 'data-tool': name, ariaExpanded: 'false' })))
    $('panel').addEventListener('keydown', event => { if (event.key === 'Escape') { const pressed = $('tools').querySelector(`[data-tool="${at.tool}"]`); press(at.tool); pressed?.focus() } })
    $('shelf').replaceChildren(picker('Open a book, a script, subtitles, or an exported project', BOOKS, async file => { say('The file is being read.'); const made = await call('import_project', { file: await sent(file) }); await kit.open(made.id); say('The project is here.') }),
      button('Archived', () => { at.archived = !at.archived; $('shelf').lastElementChild.setAttribute('aria-pressed', at.archived); kit.list() }, { className: 'btn small quiet', ariaPressed: 'false' }))
  }
  return { start, drawn, close: () => { at.tool = ''; if (at.root) redraw() } }
}
