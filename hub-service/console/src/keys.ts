/** Where keys mean letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['button', 'checkbox', 'radio', 'submit'].includes(target.type)
}

/**
 * Keys that work from anywhere but text fields. By the place on the keyboard (`code`), because a Chinese input method
 * changes what `key` says; never on auto-repeat, and never together with Ctrl, Alt or the system key.
 */
export function listen(actions: Record<string, () => void>): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return
    const action = actions[event.code]
    if (!action) return
    event.preventDefault()
    action()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}
