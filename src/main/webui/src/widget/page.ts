import './page.css'
import { mount } from './panel'

/** The public page: the frame is the server's, the talk is the panel's. */
const main = document.getElementById('kvasir')!
mount(main, { host: location.origin, site: main.dataset.site!, lang: navigator.language, theme: 'auto', bare: true })
document.documentElement.lang = navigator.language.startsWith('es') ? 'es' : 'en'
