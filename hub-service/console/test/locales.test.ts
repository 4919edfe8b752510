import { expect, it } from 'vitest'
import { en as familyEn, zh as familyZh } from '../src/family/words'
import en from '../src/locales/en'
import zh from '../src/locales/zh'

const keys = (o: object, at = ''): string[] => Object.entries(o).flatMap(([k, v]) => (typeof v === 'object' ? keys(v as object, `${at}${k}.`) : [`${at}${k}`]))
const holes = (o: object, at = ''): Record<string, string> =>
  Object.assign({}, ...Object.entries(o).map(([k, v]) => (typeof v === 'object' ? holes(v as object, `${at}${k}.`) : { [`${at}${k}`]: [...String(v).matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join() })))

it('both languages have the same words with the same holes', () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort())
  expect(holes(en)).toEqual(holes(zh))
  expect(keys(familyEn).sort()).toEqual(keys(familyZh).sort())
  expect(holes(familyEn)).toEqual(holes(familyZh))
})
