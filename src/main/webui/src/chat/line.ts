import { Problem } from '@/api/problem'
import { call } from '@/api/session'
import type { Line } from './exchange'

/** The line of whoever is logged in. */
export const LINE: Line = { call, fatal: e => e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429 }
