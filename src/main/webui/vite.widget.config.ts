import { defineConfig } from 'vite'

/** What works without React: the panel (one file), the public page around it, and the login. */
export default defineConfig({
  resolve: { alias: { '@': new URL('src', import.meta.url).pathname } },
  oxc: { jsx: { runtime: 'classic', pragma: 'h' } },
  build: {
    outDir: process.env.KVASIR_WEBUI_OUT ?? '../../../target/classes/webui',
    emptyOutDir: false,
    manifest: 'widget.json',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // The colours are told as oklch() once, not again for browsers of before 2023.
    cssTarget: ['chrome119', 'firefox128', 'safari16.4'],
    rolldownOptions: {
      input: { panel: 'src/widget/panel.tsx', page: 'src/widget/page.ts', embed: 'src/widget/embed.ts', try: 'src/widget/try.ts', login: 'src/features/account/login.ts' },
      preserveEntrySignatures: 'exports-only',
      output: { minify: true },
    },
  },
})
