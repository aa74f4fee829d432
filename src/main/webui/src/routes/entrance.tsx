import { useLocation, useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { LoginScreen } from '@/features/account/LoginScreen'
import { CallbackScreen, InviteScreen, MfaScreen, ResetScreen, SignupScreen, VerifyScreen } from '@/features/account/OtherScreens'

/** In: to where one was going, or to one's knowledge bases. Only to a room of ours. */
function useIn(next?: string) {
  const navigate = useNavigate()
  const router = useRouter()
  const client = useQueryClient()
  return () => {
    client.clear()
    if (next && /^\/t\/[\w-]+\//.test(next)) router.history.push(next)
    else void navigate({ to: '/t/$tenant/kbs', params: { tenant: 'me' } })
  }
}

/** Secrets of links stand behind the `#`, where no server and no log sees them. */
const useGiven = (name: string) => new URLSearchParams(useLocation({ select: at => at.hash })).get(name) ?? undefined

/** The challenge of a second factor lives as long as the tab shows it, and not in the address. */
let challenge = ''

export function Login() {
  const { next, email } = useSearch({ from: '/login' })
  const navigate = useNavigate()
  return <LoginScreen email={email ?? ''} onIn={useIn(next)} onMfa={given => { challenge = given; void navigate({ to: '/mfa' }) }} />
}
export const Signup = () => <SignupScreen onIn={useIn()} />
export const Mfa = () => <MfaScreen challenge={challenge} onIn={useIn()} />
export function Reset() {
  const search = useSearch({ from: '/reset' })
  const given = useGiven('token')
  const token = search.token ?? given
  return <ResetScreen key={token} token={token} />
}
export function Verify() {
  const search = useSearch({ from: '/verify' })
  const given = useGiven('token')
  const token = search.token ?? given ?? ''
  return <VerifyScreen key={token} token={token} onIn={useIn()} />
}
export const Invite = () => <InviteScreen token={useParams({ from: '/invite/$token' }).token} onIn={useIn()} />
export function Callback() {
  const { error } = useSearch({ from: '/auth/$provider/callback' })
  const navigate = useNavigate()
  return <CallbackScreen error={error} challenge={useGiven('challenge')} onIn={useIn()} onMfa={told => { challenge = told; void navigate({ to: '/mfa' }) }} />
}
