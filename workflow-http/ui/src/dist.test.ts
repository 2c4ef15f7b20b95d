import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

// The page as it is built: what a first visit waits for, and all there is.
const assets = new URL('../dist/assets/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, assets));
const sizeOf = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);

/** A script and those that it imports before it begins. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, other] of read(name)
    .toString()
    .matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g))
    withImports(other!, seen);
  return seen;
}

it('begins with at most 95,000 bytes of script', () => {
  expect(sizeOf(withImports('app.js'))).toBeLessThanOrEqual(95_000);
});

// Agents, with the help for writing them, took 10,000 bytes; no library was added for them.
it('is at most 330,000 bytes of script in all, of which Markdown comes only for words that have some', () => {
  expect(sizeOf(readdirSync(assets).filter((name) => name.endsWith('.js')))).toBeLessThanOrEqual(330_000);
  expect(sizeOf(['Markdown.js'])).toBeLessThanOrEqual(20_000);
});
