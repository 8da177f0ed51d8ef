// What the studio is doing, on every tab: the line in the head, the page's icon and title, and a notice at the end for a window that
// is not looked at. The studio tells it over the socket of changes.js while jobs run, and once more when none does.
Object.assign(greenroom, (() => {
  const WANTED = 'greenroom.tell-me', SIZE = 32
  let work = { jobs: [], ended: [], gpu: '' }, running = new Map(), unseen = 0, plainIcon = null, painted = ''

  const minutes = seconds => seconds < 90 ? `${Math.max(1, seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
  const sentence = () => {
    const [first] = work.jobs, many = `${work.jobs.length} ${work.jobs.length === 1 ? 'job' : 'jobs'}`
    const parts = [many, first.state === 'running' ? `${first.percent} %` : first.state, first.seconds_left === null ? '' : `about ${minutes(first.seconds_left)}`]
    return [...parts, work.gpu && `GPU ${work.gpu}`].filter(Boolean).join(' · ')
  }

  const link = () => document.querySelector('link[rel~=icon]') || document.head.appendChild(Object.assign(document.createElement('link'), { rel: 'icon' }))
  const paintIcon = () => {
    const [first] = work.jobs, now = first ? `${first.state} ${first.percent}` : ''
    if (now === painted) return
    painted = now
    if (plainIcon === null) plainIcon = link().getAttribute('href') || ''
    if (!first) { if (plainIcon) link().href = plainIcon; else link().remove(); return }
    const canvas = Object.assign(document.createElement('canvas'), { width: SIZE, height: SIZE }), g = canvas.getContext('2d')
    const middle = SIZE / 2, ring = (share, colour) => {
      g.beginPath(); g.strokeStyle = colour; g.lineWidth = 6
      g.arc(middle, middle, middle - 4, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share); g.stroke()
    }
    ring(1, '#b9c4b6')
    ring(Math.max(.02, first.percent / 100), '#1c6b48')
    link().href = canvas.toDataURL()
  }

  const paint = () => {
    const line = document.querySelector('#work'), bell = document.querySelector('#tell-me')
    if (!line) return
    line.hidden = !work.jobs.length
    if (bell) bell.hidden = !work.jobs.length || !window.isSecureContext || !('Notification' in window) || Notification.permission !== 'default'
    if (work.jobs.length) {
      const told = sentence(), title = work.jobs.map(job => job.title).join(', ')
      line.querySelector('.says').textContent = told
      line.setAttribute('aria-label', `${told}: ${title}. To the jobs.`)
      line.title = title
      line.querySelector('.part').style.strokeDasharray = `${work.jobs[0].percent} 100`
    }
    paintIcon()
  }

  const WORDS = { done: 'is done', failed: 'has failed', cancelled: 'was stopped', interrupted: 'was interrupted' }
  const tellEnd = job => {
    if (!document.hidden) return
    unseen += 1
    const may = window.isSecureContext && 'Notification' in window && Notification.permission === 'granted' && localStorage.getItem(WANTED)
    if (!may) return
    const note = new Notification(`${job.title} ${WORDS[job.state] || job.state}`, { tag: job.id })
    note.onclick = () => { window.focus(); note.close() }
  }
  const works = told => {
    work = told
    const now = new Map(told.jobs.map(job => [job.id, job]))
    for (const job of told.ended) if (running.has(job.id) && !now.has(job.id)) tellEnd(job)
    running = now
    paint()
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) unseen = 0 })

  // How many jobs have ended since the window was last looked at, for its title.
  const endedUnseen = () => unseen
  const percentOfWork = () => work.jobs.length && work.jobs[0].state === 'running' ? `${work.jobs[0].percent} %` : ''

  document.addEventListener('click', event => {
    const pressed = event.target.closest && event.target.closest('#tell-me, #show-keys, #close-keys'), keys = document.querySelector('#keys')
    if (!pressed) return
    if (pressed.id === 'show-keys') keys.showModal()
    else if (pressed.id === 'close-keys') keys.close()
    else Notification.requestPermission().then(answer => { if (answer === 'granted') localStorage.setItem(WANTED, '1'); paint() })
  })
  // Single keys, where nothing is written and no button has the focus.
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return
    const at = event.target
    if (!(at instanceof Element) || at.closest('input, textarea, select, [contenteditable], [role=combobox], [role=slider], audio, video')) return
    if (event.key === '?') { event.preventDefault(); document.querySelector('#keys')?.showModal(); return }
    if (/^[1-7]$/.test(event.key)) {
      const tab = [...document.querySelectorAll('#tabs > .tab-wrapper button[role=tab]')].filter(one => one.offsetParent !== null)[event.key - 1]
      if (tab) { event.preventDefault(); tab.click(); tab.focus() }
      return
    }
    if (event.key !== ' ' || at.closest('button, a, summary, [role=tab], [tabindex]:not(main, body)')) return
    const play = [...document.querySelectorAll('.player .play')].find(one => one.offsetParent !== null)
    if (play) { event.preventDefault(); play.click() }
  })
  return { works, endedUnseen, percentOfWork }
})())
