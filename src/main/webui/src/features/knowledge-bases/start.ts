import { api } from '@/api/client'
import type { KnowledgeBase } from '@/api/types'
import { upload } from '@/features/documents/uploads'

/** A name people would have given: the file's, without its ending, with spaces. */
export const nameOf = (file: string) => file.replace(/\.[^.]{1,8}$/, '').replace(/[_-]+/g, ' ').trim().replace(/^./, c => c.toUpperCase()).slice(0, 200) || file.slice(0, 200)

/** From files to a knowledge base that reads them. */
export async function startWith(files: File[]): Promise<KnowledgeBase> {
  const kb = await api.post('/knowledge-bases', { body: { name: nameOf(files[0]!.name) } })
  upload(kb.id, files)
  return kb
}
