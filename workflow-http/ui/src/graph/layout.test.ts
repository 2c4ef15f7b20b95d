import { describe, expect, it } from 'vitest';
import { layOutCards, type Layout, type Placed } from './layout';
import type { Card } from './drawing';

const card = (id: string, needs: string[] = [], more: Partial<Card> = {}): Card => ({
  path: id,
  id,
  type: 'PromptNode',
  icon: 'prompt',
  streamsText: false,
  needs,
  when: undefined,
  plan: '',
  inner: [],
  ...more,
});
const open = { isOpen: () => true, items: () => 0 };
const lay = (...cards: Card[]): Layout => layOutCards(cards, open);
const at = ({ placed }: Layout, path: string): Placed => placed.find((one) => one.card.path === path)!;
const middle = (one: Placed) => one.x + one.width / 2;

const overlaps = (one: Placed, other: Placed) =>
  one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;

describe('a layout', () => {
  it('of nothing is nothing', () => {
    expect(lay()).toEqual({ placed: [], ways: [], width: 0, height: 0 });
  });

  it('stands below what it needs', () => {
    const drawn = lay(card('a'), card('b', ['a']), card('c', ['a']), card('d', ['b', 'c']));
    expect(at(drawn, 'b').y).toBeGreaterThan(at(drawn, 'a').y + at(drawn, 'a').height);
    expect(at(drawn, 'b').y).toBe(at(drawn, 'c').y);
    expect(at(drawn, 'd').y).toBeGreaterThan(at(drawn, 'c').y);
    expect(drawn.ways.map(({ from, to }) => `${from} ${to}`)).toEqual(['a b', 'a c', 'b d', 'c d']);
  });

  it('leads from the lower edge of one card to the upper edge of the other, level or upright', () => {
    const drawn = lay(card('a'), card('b', ['a']), card('c', ['a']), card('d', ['a', 'b', 'c']));
    for (const { from, to, points } of drawn.ways) {
      const [source, target] = [at(drawn, from), at(drawn, to)];
      expect(points[0]).toEqual([middle(source), source.y + source.height]);
      expect(points.at(-1)).toEqual([middle(target), target.y]);
      for (const [index, [x, y]] of points.slice(1).entries()) expect(x === points[index]![0] || y === points[index]![1]).toBe(true);
    }
  });

  it('has room for what comes: no card covers another', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      card(`n${index}`, index === 0 ? [] : [`n${Math.floor((index * 7) / 9)}`], index % 3 ? {} : { streamsText: true, when: 'a.output.kind == "long"' }),
    );
    const { placed } = lay(...many);
    for (const [index, one] of placed.entries()) {
      for (const other of placed.slice(index + 1)) expect(overlaps(one, other), `${one.card.path} ${other.card.path}`).toBe(false);
    }
  });

  it('does not cross a card with a way over several ranks', () => {
    const drawn = lay(card('a'), card('b', ['a']), card('c', ['b']), card('d', ['a', 'c']));
    const { points } = drawn.ways.find(({ from, to }) => from === 'a' && to === 'd')!;
    for (const path of ['b', 'c']) {
      const { x, y, width, height } = at(drawn, path);
      points.slice(1).forEach(([px, py], index) => {
        const [qx, qy] = points[index]!;
        const isApart = Math.max(px, qx) < x || Math.min(px, qx) > x + width || Math.max(py, qy) < y || Math.min(py, qy) > y + height;
        expect(isApart, `${path} ${px} ${py}`).toBe(true);
      });
    }
  });

  it('has room in the head of a loop for each of its rounds', () => {
    const loop = (max: number) => card('a', [], { type: 'LoopNode', repeats: 'round', max, inner: [card('b')] });
    expect(at(lay(loop(8)), 'a').width).toBe(at(lay(loop(6)), 'a').width + 2 * 24);
  });

  it('has a wide fan in rows, about as wide as a screen, and no edge crosses a card', () => {
    const workers = Array.from({ length: 100 }, (_, index) => card(`w${index}`, ['a'], index === 7 ? { when: 'a.output.ok' } : { streamsText: true }));
    const drawn = lay(
      card('a'),
      ...workers,
      card(
        'z',
        workers.map(({ path }) => path),
      ),
    );
    expect(drawn.width / drawn.height).toBeGreaterThan(0.8);
    expect(drawn.width / drawn.height).toBeLessThan(2.2);
    expect(drawn.ways).toHaveLength(200);
    for (const { from, to, points } of drawn.ways) {
      expect(points[0]).toEqual([middle(at(drawn, from)), at(drawn, from).y + at(drawn, from).height]);
      expect(points.at(-1)).toEqual([middle(at(drawn, to)), at(drawn, to).y]);
      for (const { card, x, y, width, height } of drawn.placed) {
        if (card.path === from || card.path === to) continue;
        points.slice(1).forEach(([px, py], index) => {
          const [qx, qy] = points[index]!;
          const isApart = Math.max(px, qx) < x || Math.min(px, qx) > x + width || Math.max(py, qy) < y || Math.min(py, qy) > y + height;
          expect(isApart, `${from} ${to} over ${card.path}`).toBe(true);
        });
      }
    }
  });

  it('leaves a small fan in one row, and steps that only look alike apart', () => {
    const some = Array.from({ length: 8 }, (_, index) => card(`w${index}`, ['a']));
    expect(
      new Set(
        lay(card('a'), ...some)
          .placed.slice(1)
          .map(({ y }) => y),
      ).size,
    ).toBe(1);
    const more = Array.from({ length: 12 }, (_, index) => card(`w${index}`, ['a']));
    const ends = more.map((one, index) => card(`z${index}`, [one.path]));
    expect(new Set(lay(card('a'), ...more, ...ends).placed.map(({ y }) => y)).size).toBe(3);
  });

  it('puts a condition above its card, on the way to it', () => {
    const drawn = lay(card('a'), card('b', ['a'], { when: '.ok' }));
    const b = at(drawn, 'b');
    expect(b.top).toBeGreaterThan(0);
    expect(drawn.ways[0]!.points.at(-1)![1]).toBe(b.y + b.top);
    expect(drawn.ways[0]!.isMaybe).toBe(true);
  });

  it('puts what is inside a container inside it, and nothing when that is closed', () => {
    const map = card('each', ['a'], {
      type: 'MapNode',
      repeats: 'item',
      inner: [card('sum', [], { path: 'each/sum' }), card('note', ['each/sum'], { path: 'each/note' })],
    });
    const drawn = lay(card('a'), map, card('b', ['each']));
    const box = at(drawn, 'each');
    for (const path of ['each/sum', 'each/note']) {
      const one = at(drawn, path);
      expect(one.x > box.x && one.y > box.y && one.x + one.width < box.x + box.width && one.y + one.height < box.y + box.height).toBe(true);
    }
    expect(drawn.ways.map(({ from, to }) => `${from} ${to}`)).toContain('each/sum each/note');
    expect(at(drawn, 'b').y).toBeGreaterThan(box.y + box.height);
    const closed = layOutCards([card('a'), map], { ...open, isOpen: () => false });
    expect(closed.placed.map((one) => one.card.path)).toEqual(['a', 'each']);
  });

  it('grows with the items of a map, up to the number that is drawn one by one', () => {
    const map = card('each', [], { type: 'MapNode', repeats: 'item', inner: [card('sum', [], { path: 'each/sum' })] });
    const heightOf = (items: number) => layOutCards([map], { ...open, items: () => items }).height;
    expect(heightOf(40)).toBeGreaterThan(heightOf(5));
    expect(heightOf(2000)).toBeLessThan(heightOf(60));
  });

  it('draws a way back from the end of a round to its beginning', () => {
    const loop = card('refine', [], {
      type: 'LoopNode',
      repeats: 'round',
      inner: [card('draft', [], { path: 'refine/draft' }), card('judge', ['refine/draft'], { path: 'refine/judge' })],
    });
    const drawn = lay(loop);
    const back = drawn.ways.find(({ isBack }) => isBack)!;
    expect([back.from, back.to]).toEqual(['refine/judge', 'refine/draft']);
    expect(Math.max(...back.points.map(([x]) => x))).toBeLessThanOrEqual(at(drawn, 'refine').x + at(drawn, 'refine').width);
  });

  it('stands even where the text is faulty: circles, unknown needs, needs of itself', () => {
    const drawn = lay(card('a', ['b']), card('b', ['a', 'nobody']), card('c', ['c']));
    expect(drawn.placed).toHaveLength(3);
  });

  it('of 1,000 nodes takes no more than a moment', () => {
    const many = Array.from({ length: 1000 }, (_, index) => card(`n${index}`, index === 0 ? [] : [`n${index - 1}`]));
    expect(lay(...many).placed).toHaveLength(1000);
  }, 5000);
});
