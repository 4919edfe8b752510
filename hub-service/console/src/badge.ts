/** The count of alarms that nobody has, in the tab: title and icon. */
export function badge(title: string, count: number, trouble: boolean): void {
  const text = trouble ? `⚠ ${title}` : count > 0 ? `(${count}) ${title}` : title
  if (document.title !== text) document.title = text
  const link = document.getElementById('favicon')
  if (!(link instanceof HTMLLinkElement)) return
  const href = trouble || count > 0 ? icon(trouble ? '!' : count > 9 ? '9+' : String(count)) : '/favicon.svg'
  if (link.getAttribute('href') !== href) link.setAttribute('href', href)
}

const icon = (text: string): string =>
  'data:image/svg+xml,' +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#b3121d"/>` +
      `<text x="16" y="24" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="${text.length > 1 ? 18 : 23}" fill="#fff">${text}</text></svg>`,
  )
