import type { Answer, Item } from './contract'

/** Names for shapes of the server's document that are spoken of often. Times are ISO-8601 in UTC. */
export interface Page<T> { items: T[]; nextCursor: string | null }

export type Access = Answer<'post', '/auth/refresh'>
export type Me = Answer<'get', '/auth/me'>
export type KnowledgeBase = Answer<'get', '/knowledge-bases/{kbId}'>
export type KbDocument = Answer<'get', '/knowledge-bases/{kbId}/documents/{documentId}'>
export type Job = Answer<'get', '/knowledge-bases/{kbId}/jobs/{jobId}'>
export type RagConfig = Answer<'get', '/knowledge-bases/{kbId}/rag-config'>
export type SearchResults = Answer<'post', '/knowledge-bases/{kbId}/knowledge/search'>
export type SearchResult = SearchResults['results'][number]
export type SearchMode = RagConfig['mode']
export type FaqEntry = Item<'/knowledge-bases/{kbId}/knowledge'>
export type ConversationEntry = Item<'/chat/conversations'>
export type Message = Item<'/chat/conversations/{conversationId}/messages'>
export type Citation = NonNullable<Message['citations']>[number]
export type Usage = NonNullable<Message['usage']>
export type Timings = NonNullable<Message['timings']>
export type Member = Item<'/members'>
export type WebSource = Answer<'get', '/knowledge-bases/{kbId}/web-sources/{sourceId}'>
export type Mailbox = Answer<'get', '/knowledge-bases/{kbId}/email-accounts/{accountId}'>
export type SourceRun = Item<'/knowledge-bases/{kbId}/web-sources/{sourceId}/history'>
