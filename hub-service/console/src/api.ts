/** A refusal of the service: its code, its words, and for "taken" who has it. */
export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly takenBy: string | null) {
    super(message)
  }
}

/** One call; writes carry the header that no foreign page can send. Throws Refused, or TypeError where nothing answered. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (method !== 'GET') headers['x-elderband'] = '1'
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(10000),
  })
  const text = await response.text()
  const json: unknown = text !== '' && (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : null
  if (!response.ok) {
    const answer = (json ?? {}) as { error?: string; message?: string; takenBy?: string | null }
    throw new Refused(response.status, answer.error ?? String(response.status), answer.message ?? response.statusText, answer.takenBy ?? null)
  }
  return json as T
}
