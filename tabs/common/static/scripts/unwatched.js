// Gradio's page (Svelte) wraps every plain list of its configuration in a proxy that watches it, and then asks the lists of all
// events about each component: hundreds of thousands of reads through proxies before the page answers. It leaves alone what is
// not exactly an Array. Events never change after the page is loaded, so their lists are of a class of their own.
{
  class Unwatched extends Array {}
  const plain = list => { if (Array.isArray(list)) Object.setPrototypeOf(list, Unwatched.prototype) }
  const events = (window.gradio_config || {}).dependencies || []
  for (const { targets, inputs, outputs } of events) {
    plain(targets); plain(inputs); plain(outputs)
    if (Array.isArray(targets)) targets.forEach(plain)
  }
  plain(events)
}
