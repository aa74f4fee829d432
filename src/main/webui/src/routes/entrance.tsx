import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
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

/** The challenge of a second factor lives as long as the tab shows it, and not in the address. */
let challenge = ''

export function Login() {
  const { next, email } = useSearch({ from: '/login' })
  const navigate = useNavigate()
  return <LoginScreen email={email ?? ''} onIn={useIn(next)} onMfa={given => { challenge = given; void navigate({ to: '/mfa' }) }} />
}
export const Signup = () => <SignupScreen onIn={useIn()} />
export const Mfa = () => <MfaScreen challenge={challenge} onIn={useIn()} />
export const Reset = () => <ResetScreen token={useSearch({ from: '/reset' }).token} />
export const Verify = () => <VerifyScreen token={useSearch({ from: '/verify' }).token ?? ''} />
export const Invite = () => <InviteScreen token={useParams({ from: '/invite/$token' }).token} onIn={useIn()} />
export const Callback = () => <CallbackScreen error={useSearch({ from: '/auth/$provider/callback' }).error} onIn={useIn()} />
