// Every tab, section and job has an address: ?tab=lip-sync&job=…; Back and Forward go through what a person chose.
Object.assign(greenroom, (() => {
  const VIEWS = { '': 'voiceover', 'face-': 'lip-sync', 'video-': 'text-to-video', 'swap-': 'character-swap', 'book-': 'director' }
  const SECTIONS = { voiceover: '#inner-tabs', system: '#system-tabs', director: '#director-tabs' }
  const slug = text => text.trim().toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const buttons = root => [...document.querySelectorAll(`${root} > .tab-wrapper button[role=tab]`)]
  const selected = root => buttons(root).find(one => one.getAttribute('aria-selected') === 'true')
  const jobs = {}, asking = {} // by tab: the job that a person chose, and how to bring one to the front
  let following = true // what the address says is being done: nothing is noted meanwhile

  const here = () => {
    const tab = selected('#tabs')
    if (!tab) return null
    const at = { tab: slug(tab.textContent) }, section = SECTIONS[at.tab] && selected(SECTIONS[at.tab])
    if (section) at.section = slug(section.textContent)
    if (jobs[at.tab]) at.job = jobs[at.tab]
    return at
  }
  const first = at => at.tab === 'voiceover' && (!at.section || at.section === 'script') && !at.job
  const addressOf = at => {
    const address = new URL(location)
    for (const name of ['tab', 'section', 'job']) address.searchParams.delete(name)
    if (!first(at)) for (const [name, value] of Object.entries(at)) address.searchParams.set(name, value)
    return address.href
  }
  const note = (replace = false) => {
    const at = here()
    if (!at) return
    document.title = titled()
    if (following || addressOf(at) === location.href) return
    history[replace ? 'replaceState' : 'pushState'](null, '', addressOf(at))
  }

  const pick = (root, name) => {
    if (!name) return true
    const button = buttons(root).find(one => slug(one.textContent) === name) ||
      [...document.querySelectorAll(`${root} > .tab-wrapper .overflow-dropdown button`)].find(one => slug(one.textContent) === name)
    if (!button) return false
    if (button.getAttribute('aria-selected') !== 'true') button.click()
    return true
  }
  const follow = (patience = 100) => {
    const asked = new URL(location).searchParams, tab = asked.get('tab') || 'voiceover', section = asked.get('section')
    following = true
    const done = pick('#tabs', tab) && (!SECTIONS[tab] || pick(SECTIONS[tab], section || (tab === 'voiceover' ? 'script' : '')))
    const job = asked.get('job'), ready = !job || asking[tab]
    if ((!done || !ready) && patience) { setTimeout(follow, 100, patience - 1); return }
    if (job && asking[tab] && jobs[tab] !== job) { jobs[tab] = job; asking[tab]('click', { act: 'focus', job }) }
    if (!job) delete jobs[tab]
    setTimeout(() => { following = false; note(true) }, 150)
  }
  addEventListener('popstate', () => follow())

  // A tab's list of jobs is there, and can be asked to show one.
  const showsJobs = (view, trigger) => { asking[VIEWS[view]] = trigger }
  // A job was brought to the front by a person.
  const jobShown = (view, job) => { if (job) { jobs[VIEWS[view]] = job; note() } }

  const titled = () => {
    const work = document.querySelector('.brief:not(.ended)'), tab = selected('#tabs')
    const percent = work && work.querySelector('.track i')?.style.width.replace('%', ' %'), ended = greenroom.endedUnseen()
    return [ended && `${ended} done`, percent || greenroom.percentOfWork(), tab && tab.textContent.trim(), 'Greenroom'].filter(Boolean).join(' · ')
  }
  const begin = (patience = 1200) => {
    const root = document.querySelector('#tabs')
    if (!root || !selected('#tabs')) { if (patience) setTimeout(begin, 50, patience - 1); return }
    new MutationObserver(() => note()).observe(root, { subtree: true, attributes: true, attributeFilter: ['aria-selected'] })
    setInterval(() => { const title = titled(); if (document.title !== title) document.title = title }, 1000)
    follow()
  }
  begin()

  // Buttons that lead to another place of the page: data-go="tab/section", and in it the folded part to open and what to look at.
  const go = ({ go: place, unfold, see }, patience = 40) => {
    const [tab, section] = place.split('/'), fold = unfold && document.querySelector(unfold)
    const there = pick('#tabs', tab) && pick(SECTIONS[tab], section)
    if ((!there || (unfold && !fold)) && patience) { setTimeout(go, 100, { go: place, unfold, see }, patience - 1); return }
    fold?.querySelector('button.label-wrap:not(.open)')?.click()
    if (see) greenroom.goTo(see)
  }
  document.addEventListener('click', event => {
    const button = event.target.closest && event.target.closest('[data-go]')
    if (button) go({ ...button.dataset })
  })
  return { showsJobs, jobShown }
})())
