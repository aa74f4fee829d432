import { defineConfig } from 'vite'

/** The script tag's script: small, cached for minutes, names the panel by its hash. */
export default defineConfig({
  resolve: { alias: { '@': new URL('src', import.meta.url).pathname } },
  define: { __PANEL__: JSON.stringify(process.env.KVASIR_PANEL ?? '') },
  build: {
    outDir: process.env.KVASIR_WEBUI_OUT ?? '../../../target/classes/webui',
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: {
      input: { widget: 'src/widget/loader.ts' },
      output: { minify: true, entryFileNames: '[name].js', codeSplitting: false },
    },
  },
})
