/** The shapes of the outer face, as its documentation tells them. Times are ISO-8601 in UTC. */
export interface Page<T> { items: T[]; nextCursor: string | null }

export interface Me { id: string; email: string; name?: string | null; tenantId: string; roles: string[]; emailVerified?: boolean; mfaEnabled?: boolean }

export interface KnowledgeBase {
  id: string; ownerId: string; name: string; description: string | null; provider: string; model: string; systemPrompt: string | null
  temperature: number; maxTokens: number; active: boolean; public: boolean; slug: string | null; shareUrl: string | null; revision: number
  documents: number; passages: number; createdAt: string; updatedAt: string
}

export type JobStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled'

export interface Job {
  id: string; documentId: string; fileName: string; status: JobStatus; stage: string | null; progress: number; chunksDone: number
  chunksTotal: number | null; size: number; mediaType: string | null; error?: { code: string; detail: string }; attempt: number
  createdAt: string; startedAt: string | null; endedAt: string | null
}

export interface KbDocument {
  id: string; fileName: string; title: string; mediaType: string | null; language: string | null; size: number; sha256: string
  version: number; searchable: boolean; passages: number; job: Job
}

export type SearchMode = 'hybrid' | 'dense' | 'keyword'

export interface RagConfig {
  mode: SearchMode; maxResults: number; threshold: number; candidates: number; denseWeight: number; rerank: string; mmrLambda: number
  chunkTokens: number; chunkOverlapTokens: number; contextTokens: number
}

export interface SearchResult {
  passageId: string; sourceId: string; title: string; url: string | null; page: number | null; headings: string[]; text: string
  start: number; end: number; language: string; score: number; stages?: Record<string, { rank: number; score: number }>
}

export interface SearchResults { results: SearchResult[]; timings: Record<string, number> }

export interface ConversationEntry { id: string; kbId: string; status: 'active' | 'closed'; createdAt: string; updatedAt: string }

export interface FaqEntry { id: string; question: string; answer: string; metadata?: Record<string, unknown> | null; createdAt?: string; updatedAt?: string }
