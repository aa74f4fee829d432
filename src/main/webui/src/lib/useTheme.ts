import { useSyncExternalStore } from 'react'
import { onTheme, theme } from './theme'

export const useTheme = () => useSyncExternalStore(onTheme, theme)
