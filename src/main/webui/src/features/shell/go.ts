import { useNavigate, type LinkProps } from '@tanstack/react-router'
import { useCallback } from 'react'

/** Goes to a place of the map, filled with where one is. */
export function useGo(tenant: string, kb: string | undefined) {
  const navigate = useNavigate()
  return useCallback((to: LinkProps['to']) => void navigate({ to, params: { tenant, ...(kb && { kb }) } } as never), [kb, navigate, tenant])
}
