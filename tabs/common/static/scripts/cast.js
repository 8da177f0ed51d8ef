// The rows of a large cast (tabs/voiceover/cast_rows.py): a list gets its voices, of which all rows have one copy, when it is used.
Object.assign(greenroom, (() => {
  const fill = event => {
    const list = event.target.closest?.('select[data-speaker]'), voices = document.getElementById('cast-voices')
    if (!list || !voices) return
    const held = [...list.options].find(one => one.selected)
    const options = [...voices.content.cloneNode(true).children]
    const same = options.find(one => one.value === held?.value)
    list.replaceChildren(...options, ...(same || !held ? [] : [held]))
    list.value = held?.value ?? ''
  }
  const castRows = (element, trigger) => {
    element.addEventListener('focusin', fill)
    element.addEventListener('change', event => {
      const { speaker } = event.target.dataset
      if (speaker !== undefined) trigger('click', { act: 'cast', speaker, voice: event.target.value })
    })
  }
  return { castRows }
})())
