// What changes in the studio is heard over one socket: the stamps of its lists, at first and whenever one differs. The lists of
// the page are read again in one request; drawn pieces that asked for a topic get a click of
// their own, at once when they are first seen and then whenever it changes.
Object.assign(greenroom, (() => {
  const SOCKET_PATIENCE = 3000 // where no socket comes through, pieces are asked without it
  let stamps = null, ask = null, drawnWith = () => ({})
  const pieces = []

  // A piece is asked when it can be seen for the first time, and then once for each change of its topics.
  const askPieces = () => {
    if (document.hidden || (!stamps && performance.now() < SOCKET_PATIENCE)) return
    for (const piece of pieces) {
      if (!piece.element.isConnected || piece.element.offsetParent === null) continue
      if (piece.seen && (!stamps || piece.topics.every(topic => piece.seen[topic] === stamps[topic]))) continue
      piece.seen = { ...(stamps || {}) }
      piece.trigger('click', { act: 'news' })
    }
  }
  let boards = null // the stamp of the projects that the Director tab last heard of
  const compare = () => {
    if (stamps && stamps.projects !== boards) {
      if (boards !== null) greenroom.director?.heard()
      boards = stamps.projects
    }
    const told = drawnWith()
    if (ask && stamps && Object.keys(stamps).some(topic => stamps[topic] !== told[topic])) ask('click', { act: 'news', told: JSON.stringify(told) })
    askPieces()
  }

  let patience = 0
  const listen = () => {
    const address = new URL('changes', document.baseURI)
    address.protocol = address.protocol.replace('http', 'ws')
    address.hash = ''
    const socket = new WebSocket(address)
    socket.onmessage = event => {
      const told = JSON.parse(event.data)
      patience = 0
      if (told.work) greenroom.works(told.work)
      else { stamps = told; compare() }
    }
    // A server that is started again, or a machine that slept: try again, ever more slowly.
    socket.onclose = () => setTimeout(listen, Math.min(15000, 500 * 2 ** patience++))
  }

  const hearChanges = (element, trigger) => {
    drawnWith = () => JSON.parse(element.querySelector('[data-stamps]')?.dataset.stamps || '{}')
    ask = trigger
    listen()
  }
  const hear = (element, trigger, ...topics) => {
    pieces.push({ element, trigger, topics, seen: null })
    askPieces()
  }

  document.addEventListener('visibilitychange', askPieces)
  document.addEventListener('click', event => { if (event.target.closest('[role=tab]')) setTimeout(askPieces, 30) })
  setInterval(askPieces, 1000)
  // After something was taken back the stamps may be those of before, and the lists were drawn in between by the answer to a press:
  // all is read anew.
  const readAnew = () => {
    for (const piece of pieces) piece.seen = null
    if (ask) ask('click', { act: 'news', told: '{}' })
    askPieces()
  }
  // What a note's button takes back (tabs/common/notices/undo.py).
  let act = null
  const hearActs = trigger => { act = trigger }
  const undo = what => act && act('click', { act: 'undo', undo: what.act, of: what.of })
  // The one button that makes an engine ready stands in notes, errors and lists of any tab.
  document.addEventListener('click', event => {
    const button = event.target.closest && event.target.closest('[data-setup]')
    if (!button || !act) return
    button.disabled = true
    act('click', { act: 'set-up', of: button.dataset.setup, voice: button.dataset.voice || '' })
  })
  return { hearChanges, hear, hearActs, undo, readAnew }
})())
