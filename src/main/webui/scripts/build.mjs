// Builds the three surfaces into the class path of the server. Does nothing where nothing changed.
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const out = resolve(process.env.KVASIR_WEBUI_OUT ?? join(root, '../../../target/classes/webui'))
process.chdir(root)
const run = (command, args, env = {}) => execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, KVASIR_WEBUI_OUT: out, ...env } })

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) throw new Error(`needs Node 20.19 or newer, this is ${process.version}`)

/** Installs what the lock file names, unless exactly that is installed. */
export function install() {
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
  const mark = 'node_modules/.installed'
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(mark, lock)
}

/** One hash over everything that the build reads. */
function inputs() {
  const hash = createHash('sha256')
  const walk = folder => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (['node_modules', 'test', 'screenshots'].includes(entry.name)) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (!/\.test\.tsx?$/.test(entry.name)) hash.update(path).update(readFileSync(path))
    }
  }
  walk('.')
  return hash.digest('hex')
}

const ICON = readFileSync('public/icon.svg', 'utf8').trim().replace('<svg', '<svg width="40" height="40" aria-hidden="true"')
/** What the pages before one is in begin with, where it stands in them (Frame.tsx): there from the first paint on, and nothing moves when the rest comes. */
const sign = words => `<main class="grid min-h-full content-start justify-items-center px-4 pt-[clamp(40px,14vh,160px)] pb-10"><div class="grid w-full max-w-[360px] gap-6"><header class="grid justify-items-center gap-3 text-center">${ICON}${words ? `<div><h1 class="text-20 font-semibold">${words.title}</h1><p class="mt-1 text-13 text-muted">${words.text}</p></div>` : ''}</header></div></main>`

const LANGUAGES = ['en', 'es']
const built = file => JSON.parse(readFileSync(join(out, file), 'utf8'))

/** What the dashboard is made of, beside what it begins with (src/routes/main.ts). */
export const APP = 'src/routes/app.tsx'

/** What a screen of the dashboard needs: all that its parts import before they can run. */
function needed(manifest, ...parts) {
  const files = new Set()
  const need = key => {
    files.add(manifest[key].file)
    for (const next of manifest[key].imports ?? []) if (!files.has(manifest[next].file)) need(next)
  }
  parts.forEach(need)
  return files
}

/** Names in the page what its first screen needs, so that a browser fetches all of it at once and not one after the other: inside the rooms, and before one is in. */
function ahead() {
  const manifest = built('dashboard.json')
  const html = readFileSync(join(out, 'index.html'), 'utf8')
  for (const [name, screen] of [['entrance', 'src/routes/entrance.tsx'], ['index', 'src/routes/pages.tsx']]) {
    const files = needed(manifest, APP, screen, 'src/i18n/en.json')
    const links = [...files].filter(file => !html.includes(file)).map(file => `  <link rel="modulepreload" crossorigin href="/${file}">\n`).join('')
    // The styles first: with them the page can be painted, and the programs take their time.
    const page = html.replace('</head>', `${links}</head>`).replace(/<script type="module"|<link rel="modulepreload"/g, '$& fetchpriority="low"')
    const signed = (words, language = 'en') => page.replace('<html lang="en">', `<html lang="${language}">`).replace('<div id="root"></div>', `<div id="root">${sign(words)}</div>`)
    writeFileSync(join(out, `${name}.html`), name === 'entrance' ? signed() : page)
    if (name !== 'entrance') continue
    for (const language of LANGUAGES) {
      const { signup } = JSON.parse(readFileSync(`src/i18n/${language}.json`, 'utf8'))
      writeFileSync(join(out, `signup.${language}.html`), signed(signup, language).replace(manifest['src/i18n/en.json'].file, manifest[`src/i18n/${language}.json`].file))
    }
  }
}

/** The login, drawn by the dashboard's own parts (LoginPage.tsx). */
async function login(script) {
  const manifest = built('dashboard.json')
  const { createServer } = await import('vite')
  const vite = await createServer({ configFile: 'vite.config.ts', logLevel: 'warn', appType: 'custom', server: { middlewareMode: true, hmr: false, ws: false, watch: null }, optimizeDeps: { noDiscovery: true, include: [] } })
  try {
    const { loginPage } = await vite.ssrLoadModule('/src/features/account/LoginPage.tsx')
    for (const language of LANGUAGES) {
      const page = loginPage({ language, script, styles: `/${manifest['index.html'].css[0]}`, ahead: [...needed(manifest, 'index.html', APP, 'src/routes/pages.tsx', `src/i18n/${language}.json`)].map(file => `/${file}`) })
      writeFileSync(join(out, `login.${language}.html`), page)
    }
  } finally {
    await vite.close()
  }
}

async function build() {
  const stamp = join(dirname(out), '.webui-stamp')
  const now = inputs()
  if (existsSync(join(out, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return
  install()
  mkdirSync(dirname(out), { recursive: true })
  rmSync(stamp, { force: true })
  const vite = config => ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', '--config', config]
  run(process.execPath, vite('vite.config.ts'))
  ahead()
  run(process.execPath, vite('vite.widget.config.ts'))
  const widget = built('widget.json')
  const file = source => `/${widget[source].file}`
  run(process.execPath, vite('vite.loader.config.ts'), { KVASIR_PANEL: file('src/widget/panel.tsx') })
  for (const [name, source] of [['public', 'src/widget/page.ts'], ['embed', 'src/widget/embed.ts'], ['try', 'src/widget/try.ts']]) {
    const styles = (widget[source].css ?? []).map(css => `<link rel="stylesheet" href="/${css}">`).join('\n')
    const preload = (widget[source].imports ?? []).map(key => `<link rel="modulepreload" href="/${widget[key].file}">`).join('\n')
    const page = readFileSync(`src/widget/${name}.html`, 'utf8')
      .replace('<!--assets-->', `${styles}\n${preload}\n<script type="module" src="${file(source)}"></script>`)
    writeFileSync(join(out, `${name}.html`), page)
    if (name === 'public') writeFileSync(join(out, 'nothing.html'), readFileSync('src/widget/nothing.html', 'utf8').replace('<!--assets-->', styles))
  }
  await login(file('src/features/account/login.ts'))
  run(process.execPath, ['scripts/sizes.mjs'])
  writeFileSync(stamp, now)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
