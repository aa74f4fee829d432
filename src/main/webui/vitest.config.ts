import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const alias = { '@': new URL('src', import.meta.url).pathname }

export default defineConfig({
  test: {
    testTimeout: 60_000,
    projects: [
      { resolve: { alias }, plugins: [react()], test: { name: 'react', environment: 'jsdom', include: ['src/{lib,api,ui,chat,features,routes}/**/*.test.{ts,tsx}'] } },
      { resolve: { alias }, oxc: { jsx: { runtime: 'classic', pragma: 'h', development: false } }, test: { name: 'widget', environment: 'jsdom', include: ['src/widget/**/*.test.{ts,tsx}'] } },
    ],
  },
})
