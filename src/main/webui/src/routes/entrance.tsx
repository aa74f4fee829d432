import { useLocation, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { challenge, challenged } from '@/api/session'
import { CallbackScreen, InviteScreen, MfaScreen, ResetScreen, SignupScreen, VerifyScreen } from '@/features/account/OtherScreens'

/** In: to one's knowledge bases. */
function useIn() {
  const navigate = useNavigate()
  const client = useQueryClient()
  return () => {
    client.clear()
    void navigate({ to: '/t/$tenant/kbs', params: { tenant: 'me' } })
  }
}

/** Secrets of links stand behind the `#`, where no server and no log sees them. */
const useGiven = (name: string) => new URLSearchParams(useLocation({ select: at => at.hash })).get(name) ?? undefined

export const Signup = () => <SignupScreen onIn={useIn()} />
export const Mfa = () => <MfaScreen challenge={challenge()} onIn={useIn()} />
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
  return <CallbackScreen error={error} challenge={useGiven('challenge')} onIn={useIn()} onMfa={told => { challenged(told); void navigate({ to: '/mfa' }) }} />
}
