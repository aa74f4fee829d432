import './page.css'

/** A page like a customer's, with the widget as the settings chose it: what its address says becomes the script tag. */
const main = document.getElementById('kvasir')!
const wish = new URLSearchParams(location.search)
const script = document.createElement('script')
script.type = 'module'
script.async = true
script.src = `${location.origin}/widget.js`
script.dataset.kbSite = main.dataset.site!
for (const name of ['mode', 'theme', 'position', 'accent', 'lang', 'followup']) {
  const value = wish.get(name)
  if (value) script.dataset[`kb${name[0]!.toUpperCase()}${name.slice(1)}`] = value
}
if (wish.get('mode') === 'inline') {
  script.dataset.kbTarget = '#help'
  document.getElementById('help')!.hidden = false
}

const heard = document.getElementById('heard')!
for (const name of ['ready', 'open', 'close', 'message', 'citation', 'feedback', 'followup', 'error']) {
  addEventListener(`kb:${name}`, event => {
    const item = document.createElement('li')
    const { detail } = event as CustomEvent<unknown>
    item.textContent = `kb:${name}${detail === null || detail === undefined ? '' : ` ${JSON.stringify(detail)}`}`
    heard.append(item)
  })
}
document.body.append(script)
