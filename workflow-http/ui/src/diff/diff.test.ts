import { describe, expect, it } from 'vitest';
import type { PatchOperation } from '../api/types';
import { changesOf } from './patch';
import { wordDiff } from './words';

describe('a patch', () => {
  const before = { value: { kind: 'bug', tags: ['a', 'b', 'c'], 'a/b': 1 } };

  it('has the value before and after each operation', () => {
    const patch: PatchOperation[] = [
      { op: 'replace', path: '/kind', value: 'refund' },
      { op: 'remove', path: '/tags/0' },
      { op: 'replace', path: '/tags/0', value: 'x' },
      { op: 'add', path: '/tags/2', value: 'd' },
      { op: 'remove', path: '/a~1b' },
    ];
    expect(changesOf(patch, before)).toEqual([
      { path: '/kind', before: { value: 'bug' }, after: { value: 'refund' } },
      { path: '/tags/0', before: { value: 'a' } },
      { path: '/tags/0', before: { value: 'b' }, after: { value: 'x' } },
      { path: '/tags/2', after: { value: 'd' } },
      { path: '/a~1b', before: { value: 1 } },
    ]);
    expect(before.value.tags).toEqual(['a', 'b', 'c']);
  });

  it('replaces a whole value, and null is a value', () => {
    expect(changesOf([{ op: 'replace', path: '', value: null }], { value: 'x' })).toEqual([{ path: '', before: { value: 'x' }, after: { value: null } }]);
  });

  it('is shown without what was before if that is not known or does not fit', () => {
    const patch: PatchOperation[] = [
      { op: 'replace', path: '/a/b', value: 1 },
      { op: 'remove', path: '/__proto__/x' },
      { op: 'add', path: '/constructor', value: 2 },
    ];
    const changes = [{ path: '/a/b', after: { value: 1 } }, { path: '/__proto__/x' }, { path: '/constructor', after: { value: 2 } }];
    expect(changesOf(patch, undefined)).toEqual(changes);
    expect(changesOf(patch, { value: {} })).toEqual(changes);
    expect(changesOf(patch, { value: 'text' })).toEqual(changes);
  });
});

describe('two texts', () => {
  it('are compared word by word', () => {
    expect(wordDiff('We will write to you by Friday.', 'We will call you by Monday.')).toEqual([
      { text: 'We will ', of: 'both' },
      { text: 'write to', of: 'before' },
      { text: 'call', of: 'after' },
      { text: ' you by ', of: 'both' },
      { text: 'Friday.', of: 'before' },
      { text: 'Monday.', of: 'after' },
    ]);
  });

  it('are whole again, each without what only the other has', () => {
    const texts = ['a b c d e f', 'a c d x f g h'] as const;
    const pieces = wordDiff(...texts)!;
    const of = (side: 'before' | 'after') => pieces.flatMap((piece) => (piece.of === 'both' || piece.of === side ? [piece.text] : [])).join('');
    expect([of('before'), of('after')]).toEqual(texts);
  });

  it('are not compared if they are too long or have little in common', () => {
    expect(wordDiff('one two three', 'four five six')).toBeUndefined();
    expect(wordDiff('a '.repeat(2000), 'a '.repeat(2001))).toBeUndefined();
  });
});
