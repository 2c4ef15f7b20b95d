// Two texts, word by word.

export interface Piece {
  text: string;
  /** In both, in the first only, or in the second only. */
  of: 'both' | 'before' | 'after';
}

/** More words than this in either are not compared one by one. */
const MOST = 1500;

/** `undefined` if the texts are too long, or have little in common. */
export function wordDiff(before: string, after: string): Piece[] | undefined {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  if (a.length > MOST || b.length > MOST) return undefined;
  const common = longest(a, b);
  const pieces: Piece[] = [];
  let [i, j, kept] = [0, 0, 0];
  const add = (text: string, of: Piece['of']) => {
    const last = pieces.at(-1);
    if (last?.of === of) last.text += text;
    else pieces.push({ text, of });
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      kept += a[i]!.trim() === '' ? 0 : 1;
      add(a[i++]!, 'both');
      j++;
    } else if (i < a.length && (j === b.length || common(i + 1, j) >= common(i, j + 1))) add(a[i++]!, 'before');
    else add(b[j++]!, 'after');
  }
  const words = Math.max(a.length, b.length) / 2;
  return kept * 3 >= words ? pieces : undefined;
}

/** Words, and the space between them. */
const wordsOf = (text: string): string[] => text.match(/\s+|\S+/g) ?? [];

/** The length of the longest common subsequence of what follows two places. */
function longest(a: string[], b: string[]): (i: number, j: number) => number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1]! + 1 : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
  return (i, j) => table[i * width + j]!;
}
