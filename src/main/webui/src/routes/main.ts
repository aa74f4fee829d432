import '@/ui/tokens.css'
import 'react-dom/client'
import { breath } from '@/lib/breath'

// The rest begins in a step of its own, so that a slow processor hears what one does meanwhile.
await breath()
await import('./app')
