import type { LinkProps } from '@tanstack/react-router'
import { BookOpenText, ChartNoAxesColumn, FileText, FlaskConical, Gauge, Globe, Mail, MessagesSquare, Search, Settings, ShieldCheck, SquareTerminal, Users, type LucideIcon } from 'lucide-react'

export interface Place { key: string; to: LinkProps['to']; icon: LucideIcon; text: string }

/** The rooms of a knowledge base, in the order of the day's work. The letter goes there after `G`. */
export const ROOMS: Place[] = [
  { key: 'o', to: '/t/$tenant/kbs/$kb/overview', icon: Gauge, text: 'nav.overview' },
  { key: 'c', to: '/t/$tenant/kbs/$kb/conversations/{-$id}', icon: MessagesSquare, text: 'nav.conversations' },
  { key: 's', to: '/t/$tenant/kbs/$kb/search', icon: Search, text: 'nav.search' },
  { key: 'd', to: '/t/$tenant/kbs/$kb/documents/{-$doc}', icon: FileText, text: 'nav.documents' },
  { key: 'f', to: '/t/$tenant/kbs/$kb/faq', icon: BookOpenText, text: 'nav.faq' },
  { key: 'w', to: '/t/$tenant/kbs/$kb/web', icon: Globe, text: 'nav.web' },
  { key: 'e', to: '/t/$tenant/kbs/$kb/email', icon: Mail, text: 'nav.email' },
  { key: 't', to: '/t/$tenant/kbs/$kb/benchmark/datasets/{-$ds}', icon: FlaskConical, text: 'nav.benchmark' },
  { key: ',', to: '/t/$tenant/kbs/$kb/settings/answers', icon: Settings, text: 'nav.settings' },
]

export const WORKSPACE: Place[] = [
  { key: 'm', to: '/t/$tenant/settings/members', icon: Users, text: 'nav.members' },
  { key: 'y', to: '/t/$tenant/settings/security', icon: ShieldCheck, text: 'nav.security' },
  { key: 'u', to: '/t/$tenant/settings/usage', icon: ChartNoAxesColumn, text: 'nav.usage' },
  { key: 'a', to: '/t/$tenant/settings/audit', icon: SquareTerminal, text: 'nav.audit' },
]
