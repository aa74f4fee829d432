/**
 * Files on their way, kept by the browser itself (IndexedDB) until they have arrived, so that a reload does not lose them.
 * Where the browser keeps nothing (no room, a private window) it is as if there were none.
 */
const STORE = 'files'
const DAY = 86_400_000

interface Kept { file: File; at: number }

let opened: Promise<IDBDatabase> | undefined

const open = () => (opened ??= new Promise<IDBDatabase>((resolve, reject) => {
  const request = indexedDB.open('kvasir', 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE))
  request.addEventListener('success', () => resolve(request.result))
  request.addEventListener('error', () => reject(request.error ?? new Error('no store')))
}))

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const store = (await open()).transaction(STORE, mode).objectStore(STORE)
    return await new Promise<T>((resolve, reject) => {
      const request = work(store)
      request.addEventListener('success', () => resolve(request.result))
      request.addEventListener('error', () => reject(request.error ?? new Error('not kept')))
    })
  } catch {
    return undefined
  }
}

export const keepFile = (id: string, file: File) => inStore('readwrite', store => store.put({ file, at: Date.now() } satisfies Kept, id))
export const forgetFile = (id: string) => inStore('readwrite', store => store.delete(id))
export const keptFile = async (id: string): Promise<File | undefined> => (await inStore<Kept | undefined>('readonly', store => store.get(id) as IDBRequest<Kept | undefined>))?.file

/** Forgets what other pages left behind more than a day ago. */
export async function sweepFiles() {
  for (const id of (await inStore('readonly', store => store.getAllKeys())) ?? []) {
    const kept = await inStore<Kept | undefined>('readonly', store => store.get(id) as IDBRequest<Kept | undefined>)
    if (kept && kept.at < Date.now() - DAY) await forgetFile(String(id))
  }
}
