// Two figures of a result, before and after: one laid over the other with a movable edge, and both played as one. The later one
// leads; the earlier one is nudged by its rate while it is a little off, and set to the place beyond that.
Object.assign(greenroom, (() => {
  const NUDGED = 0.08, MOST = 0.05 // seconds, and share of the rate
  const figures = tools => tools.parentElement.querySelector('.beside')
  const videos = beside => { const all = [...beside.querySelectorAll('video')]; return { leader: all.at(-1), follower: all.length > 1 ? all[0] : null } }

  const follow = (leader, follower) => {
    if (leader.paused || !leader.isConnected || !follower.isConnected) return
    const at = follower.duration ? leader.currentTime % follower.duration : leader.currentTime, late = at - follower.currentTime
    if (Math.abs(late) > NUDGED) follower.currentTime = at
    follower.playbackRate = leader.playbackRate * (1 + Math.max(-MOST, Math.min(MOST, Math.abs(late) > NUDGED ? 0 : late)))
    requestAnimationFrame(() => follow(leader, follower))
  }
  const playBoth = beside => {
    const { leader, follower } = videos(beside)
    if (!leader.paused) { leader.pause(); follower?.pause(); return }
    if (follower) { follower.currentTime = leader.ended ? 0 : leader.currentTime; follower.play().catch(() => {}) }
    leader.play().then(() => { if (follower) follow(leader, follower) }, () => {})
  }
  const paint = beside => {
    const button = beside.parentElement.querySelector('[data-play-both]'), { leader } = videos(beside)
    if (!button || !leader) return
    button.querySelector('span').textContent = leader.paused ? button.dataset.playBoth : 'Pause'
    button.querySelector('use').setAttribute('href', leader.paused ? '#i-play' : '#i-pause')
  }
  const lay = (button, beside) => {
    const over = !beside.classList.contains('over'), wipe = button.parentElement.querySelector('.wipe')
    beside.classList.toggle('over', over)
    button.setAttribute('aria-pressed', over)
    wipe.hidden = !over
    beside.querySelectorAll('video').forEach(video => { video.controls = !over }) // they would be cut at the edge
    if (over) { beside.style.setProperty('--at', `${wipe.querySelector('input').value}%`); wipe.querySelector('input').focus() }
  }
  document.addEventListener('click', event => {
    const button = event.target.closest && event.target.closest('[data-compare], [data-play-both]'), tools = button?.closest('.compare')
    if (!tools) return
    if (button.matches('[data-compare]')) lay(button, figures(tools)); else playBoth(figures(tools))
  })
  document.addEventListener('input', event => {
    const tools = event.target.closest && event.target.closest('.wipe')?.closest('.compare')
    if (tools) figures(tools).style.setProperty('--at', `${event.target.value}%`)
  })
  // A drag over the picture moves the edge as well.
  document.addEventListener('pointermove', event => {
    const beside = event.buttons === 1 && event.target.closest && event.target.closest('.beside.over')
    if (!beside) return
    const box = beside.getBoundingClientRect(), edge = beside.parentElement.querySelector('.wipe input')
    edge.value = (event.clientX - box.left) / box.width * 100
    edge.dispatchEvent(new Event('input', { bubbles: true }))
  })
  for (const name of ['play', 'pause', 'ended']) document.addEventListener(name, event => {
    const beside = event.target.closest && event.target.closest('.beside')
    if (!beside) return
    paint(beside)
    const { leader, follower } = videos(beside)
    if (name !== 'play' && event.target === leader) follower?.pause()
  }, true)
  return {}
})())
