// Answers of the studio arrive in any order. What a person chose or wrote after something was asked is never replaced by the
// answer, which knows only what stood there before; and what a newer answer changed is not changed back by an older one that comes
// late (tabs/common/notices/answers.py). The rest of an answer is taken.
Object.assign(greenroom, (() => {
  const NOTHING = { __type__: 'update' }
  const edited = new Map() // by the id of a field's element: when a person changed it last
  const taken = new Map() // by component and property: the answer taken last, what was asked with it, when it was asked and made

  const edit = event => {
    const field = event.target.closest && event.target.closest('.block')
    if (field && field.id) edited.set(field.id, performance.now())
  }
  for (const kind of ['input', 'change']) document.addEventListener(kind, edit, true)
  for (const kind of ['mousedown', 'click']) document.addEventListener(kind, event => event.target.closest?.('[role=option]') && edit(event), true)

  const nameOf = id => window.gradio_config.components.find(one => one.id === id)?.props.elem_id || `component-${id}`
  const isUpdate = value => value !== null && typeof value === 'object' && value.__type__ === 'update'
  // Drawings that tell themselves when they were made: `newest` in presses.js and `inFront` in page.js judge them.
  const marked = value => typeof value === 'string' && value.startsWith('<!--')
  // Of two answers to the same question, as to a change of one field and of another, that counts which was asked for later.
  const outdated = (before, { question, asked, made }) => before && (question && before.question === question ? asked < before.asked : made < before.made)

  // What of an answer counts for one component.
  const counting = (id, value, answer) => {
    const parts = isUpdate(value) ? { ...value } : { value }
    // A field that gets another label is another question, whose answer is the studio's.
    if ('value' in parts && !('label' in parts) && edited.get(nameOf(id)) > answer.since) delete parts.value
    for (const name of Object.keys(parts)) {
      // Where the studio remembers what it sent, as whether the page asks for news, each answer goes on from the one before.
      if (name === '__type__' || marked(parts[name]) || (answer.remembered && name !== 'value')) continue
      if (outdated(taken.get(`${id} ${name}`), answer)) delete parts[name]
      else taken.set(`${id} ${name}`, answer)
    }
    if (isUpdate(value)) return parts
    return 'value' in parts ? value : NOTHING
  }

  const ask = window.fetch
  let sent = 0
  window.fetch = async (...called) => {
    if (!/\/run\/predict/.test(String(called[0]?.url || called[0]))) return ask(...called)
    const asked = ++sent, since = performance.now(), answer = await ask(...called), made = Number(answer.headers.get('x-greenroom-answered'))
    if (!answer.ok || !made) return answer
    const said = await answer.json()
    if (Array.isArray(said.data)) {
      const { fn_index: index } = JSON.parse(called[1].body)
      const listener = window.gradio_config.dependencies.find(one => one.id === index), outputs = [...(listener?.outputs || [])]
      const remembered = outputs.some(id => window.gradio_config.components.find(one => one.id === id)?.type === 'state')
      const question = remembered ? null : JSON.stringify([listener?.inputs, outputs])
      said.data = said.data.map((value, at) => counting(outputs[at], value, { question, remembered, asked, made, since }))
    }
    return new Response(JSON.stringify(said), { status: answer.status, headers: answer.headers })
  }
  return {}
})())
