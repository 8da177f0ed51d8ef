// The first run: the card, and the line to read aloud. Once the card is closed, no answer that was on its way brings it back.
Object.assign(greenroom, (() => {
  let closed = false
  document.addEventListener('click', event => {
    if (event.target.closest && event.target.closest('#first-run [data-act=close]')) closed = true
  }, true)
  // What was read aloud becomes the transcript of the clip; what a person wrote there stays.
  document.addEventListener('click', event => {
    const button = event.target.closest && event.target.closest('[data-reads]'), field = document.querySelector('#voice-transcript textarea')
    if (!button || !field) return
    field.focus()
    if (!field.value.trim()) document.execCommand('insertText', false, button.dataset.reads)
  })
  const showFirstRun = () => { closed = false } // a person wants it back
  return { firstRun: value => closed ? '' : value || '', showFirstRun }
})())
