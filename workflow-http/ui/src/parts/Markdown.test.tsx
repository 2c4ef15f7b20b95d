import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import Markdown from './Markdown';
import { linkOf } from './link';
import { piecesOf, plainOf } from './tokens';
import { hasMarkdown } from './ModelText';

const drawn = (text: string, isLive = false) =>
  renderToStaticMarkup(<Markdown text={text} isLive={isLive} />).replace(/^<div class="spoken md" data-testid="spoken">|<\/div>$/g, '');

describe('Markdown', () => {
  it.each([
    ['**bold** and *slanted* and ~~gone~~', '<p dir="auto"><strong>bold</strong> and <em>slanted</em> and <del>gone</del></p>'],
    ['# One\n\n### Three', '<h4 dir="auto">One</h4><h6 dir="auto">Three</h6>'],
    ['one\ntwo', '<p dir="auto">one<br/>two</p>'],
    ['- a\n- b', '<ul><li dir="auto"><span dir="auto">a</span></li><li dir="auto"><span dir="auto">b</span></li></ul>'],
    ['3. a\n4. b', '<ol start="3"><li dir="auto"><span dir="auto">a</span></li><li dir="auto"><span dir="auto">b</span></li></ol>'],
    ['`a < b`', '<p dir="auto"><code>a &lt; b</code></p>'],
    ['```js\nlet a;\n```', '<pre tabindex="0" dir="ltr" aria-label="Code, js" role="region"><code>let a;</code></pre>'],
    ['> said', '<blockquote dir="auto"><p dir="auto">said</p></blockquote>'],
    ['[site](https://example.org/a)', '<p dir="auto"><a href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow">site</a></p>'],
    ['Fish &amp; chips &copy;', '<p dir="auto">Fish &amp; chips &amp;copy;</p>'],
    ['2 \\* 3', '<p dir="auto">2 * 3</p>'],
  ])('%j', (text, html) => expect(drawn(text)).toBe(html));

  it('has tables', () => {
    const html = drawn('| a | b |\n|---|--:|\n| 1 | 2 |');
    expect(html).toContain('<th scope="col" dir="auto">a</th><th scope="col" dir="auto" data-align="right">b</th>');
    expect(html).toContain('<td dir="auto">1</td><td dir="auto" data-align="right">2</td>');
  });

  it('has lists of things to do', () => {
    const html = drawn('- [x] done\n- [ ] open');
    expect(html.match(/type="checkbox"/g)).toHaveLength(2);
    expect(html).toContain('aria-label="Done"');
    expect(html).toContain('aria-label="To do"');
  });

  // What must never come out of a model's text, in each of the ways that it can be written.
  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onmouseover=alert(1)>b</b>',
    '<iframe src="https://example.org"></iframe>',
    '![x](https://example.org/pixel.png)',
    '![x][r]\n\n[r]: https://example.org/pixel.png',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '[x](//example.org)',
    '[x](#/new)',
    '<javascript:alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<style>*{display:none}</style>',
    '<svg><script>alert(1)</script></svg>',
    '# <img src=x onerror=alert(1)>',
    '| <img src=x> |\n|---|\n| <script>x</script> |',
    '- <img src=x>',
    '> <img src=x>',
    '```"><img src=x>\ncode\n```',
  ])('%j is no HTML, no image and no script', (text) => {
    const html = drawn(text);
    expect(html).not.toMatch(/<(?:script|img|iframe|style|svg|b|object)[\s>]/i);
    expect(html.match(/href="[^"]*"/g)?.filter((href) => !/^href="(?:https?:|mailto:)/.test(href)) ?? []).toEqual([]);
    expect(html).not.toMatch(/ on\w+=(?!alert|x)/);
  });

  it('shows what is nested too deeply as text', () => {
    expect(drawn(`${'>'.repeat(5000)} deep`)).toContain('deep');
    expect(drawn(`${'- '.repeat(3000)}deep`)).toContain('deep');
    expect(drawn(`${'*'.repeat(20_000)}a`)).toContain('a');
    expect(drawn(`${'['.repeat(20_000)}a`)).toContain('a');
  }, 10_000);

  it('has the caret at its end while it grows, whatever it ends with', () => {
    for (const text of ['words', '# Title', '- a\n- b', '`code`', '```\ncode', '**bold**', '| a |\n|---|\n| 1 |', '> said', '']) {
      expect(drawn(text, true).match(/class="caret"/g), text).toHaveLength(1);
    }
    expect(drawn('one two three four five', true)).toContain('<p dir="auto">one <span class="warm">two </span>');
  });
});

describe('pieces', () => {
  const paragraph = `${'word '.repeat(100)}\n\n`;
  const fence = `\`\`\`\n${'code\n\n'.repeat(500)}\`\`\`\n\n`;

  it('are the whole text', () => {
    const text = paragraph.repeat(20) + fence + paragraph.repeat(5);
    expect(piecesOf(text).join('')).toBe(text);
    expect(piecesOf(text).length).toBeGreaterThan(5);
    expect(piecesOf('')).toEqual([]);
  });

  it('stay as they are while the text grows', () => {
    const text = paragraph.repeat(30);
    const before = piecesOf(text.slice(0, 8000));
    expect(piecesOf(text).slice(0, before.length - 1)).toEqual(before.slice(0, -1));
  });

  it('cut no fence and no list', () => {
    expect(piecesOf(paragraph.repeat(4) + fence).some((piece) => (piece.match(/```/g)?.length ?? 0) % 2 === 1)).toBe(false);
    expect(piecesOf(`${'- item of a list\n\n'.repeat(300)}end`)).toHaveLength(2);
  });
});

it.each([
  ['https://example.org', true],
  ['mailto:a@b.c', true],
  ['javascript:alert(1)', false],
  [' javascript:alert(1)', false],
  ['/relative', false],
  ['', false],
])('%j may be followed: %s', (href, may) => expect(linkOf(href) !== undefined).toBe(may));

it.each([
  ['&lt;b&gt;', '<b>'],
  ['&#65;', 'A'],
  ['&#0;&#9999999;', '&#0;&#9999999;'],
  ['&nothing;', '&nothing;'],
])('%j is %j', (text, plain) => expect(plainOf(text)).toBe(plain));

it.each([
  ['Just a sentence. And one more, 3 < 4.', false],
  ['**bold**', true],
  ['- item', true],
  ['1. item', true],
  ['## Title', true],
  ['| a | b |', true],
  ['`code`', true],
])('%j has Markdown: %s', (text, has) => expect(hasMarkdown(text)).toBe(has));
