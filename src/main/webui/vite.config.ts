import react from '@vitejs/plugin-react'
import tailwind from '@tailwindcss/vite'
import { defineConfig, type Plugin } from 'vite'

/** sonner writes its styles into the page by itself, which our content security policy forbids: it gets them from our style sheet instead. */
const sonnerWithoutStyleTag: Plugin = {
  name: 'sonner-without-style-tag',
  transform(code, id) {
    if (!/node_modules\/sonner\/dist\/index\.mjs/.test(id)) return null
    const without = code.replace(/^__insertCSS\(.*\);?$/m, '')
    if (without === code) throw new Error('sonner no longer calls __insertCSS: look how it brings its styles now')
    return without
  },
}

export default defineConfig({
  resolve: { alias: { '@': new URL('src', import.meta.url).pathname } },
  plugins: [react(), tailwind(), sonnerWithoutStyleTag],
  build: {
    outDir: process.env.KVASIR_WEBUI_OUT ?? '../../../target/classes/webui',
    emptyOutDir: true,
    manifest: 'dashboard.json',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 2 }, { name: 'base', test: /src\/routes\/app\.tsx/ }] } } },
  },
  // The login is a page of its own that the build makes: it comes from the server.
  server: { proxy: Object.fromEntries(['/api', '/login', '/assets'].map(path => [path, process.env.KVASIR_URL ?? 'http://localhost:8080'])) },
})
