// A model's Markdown as React elements: no HTML, no images, and links to the web only. This module is a lazy chunk.
import { memo, type ReactNode } from 'react';
import { linkOf } from './link';
import { piecesOf, plainOf, tokensOf, type Token, type Tokens } from './tokens';
import { Warm } from './PlainText';

interface Props {
  text: string;
  isLive: boolean;
}

/** While it grows, an end that is longer than this is shown as text: reading it for every word would be slow. */
const LONG = 20_000;
/** What is nested deeper is shown as text. */
const DEEPEST = 24;

export default function Markdown({ text, isLive }: Props) {
  const pieces = piecesOf(text);
  return (
    <div className="spoken md" data-testid="spoken">
      {pieces.map((piece, index) => (
        <Piece key={index} text={piece} isLive={isLive && index === pieces.length - 1} />
      ))}
      {isLive && pieces.length === 0 && <i className="caret" />}
    </div>
  );
}

const Piece = memo(function Piece({ text, isLive }: Props) {
  const tokens = isLive && text.length > LONG ? undefined : tokensOf(text);
  if (!tokens) return <p className="whitespace-pre-wrap">{isLive ? <Warm text={text} /> : text}</p>;
  return blocks(tokens, isLive, 0);
});

const isSeen = ({ type }: Token): boolean => type !== 'space' && type !== 'def';

function blocks(all: Token[], isLive: boolean, depth: number): ReactNode {
  const tokens = all.filter(isSeen);
  return tokens.map((token, index) => <Block key={index} token={token} isLive={isLive && index === tokens.length - 1} depth={depth} />);
}

const HEADINGS = ['h4', 'h5', 'h6'] as const;

function Block({ token, isLive, depth }: { token: Token; isLive: boolean; depth: number }) {
  if (depth > DEEPEST) return <p className="whitespace-pre-wrap">{token.raw}</p>;
  const caret = isLive && <i className="caret" />;
  switch (token.type) {
    case 'heading': {
      const { depth: level, tokens } = token as Tokens.Heading;
      // Below the headings of the page.
      const Heading = HEADINGS[Math.min(level, 3) - 1]!;
      return <Heading dir="auto">{inline(tokens, isLive)}</Heading>;
    }
    case 'paragraph':
      return <p dir="auto">{inline((token as Tokens.Paragraph).tokens, isLive)}</p>;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return <span dir="auto">{tokens ? inline(tokens, isLive) : words(text, isLive)}</span>;
    }
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return (
        <pre tabIndex={0} dir="ltr" aria-label={lang ? `Code, ${lang}` : 'Code'} role="region">
          <code>{text}</code>
          {caret}
        </pre>
      );
    }
    case 'blockquote':
      return <blockquote dir="auto">{blocks((token as Tokens.Blockquote).tokens, isLive, depth + 1)}</blockquote>;
    case 'list':
      return <List list={token as Tokens.List} isLive={isLive} depth={depth} />;
    case 'table':
      return <Table table={token as Tokens.Table} isLive={isLive} />;
    case 'hr':
      return <hr />;
    default:
      // HTML is text like any other.
      return <p className="whitespace-pre-wrap">{words(token.raw.trimEnd(), isLive)}</p>;
  }
}

function List({ list: { ordered, start, items }, isLive, depth }: { list: Tokens.List; isLive: boolean; depth: number }) {
  const rows = items.map(({ task, checked, tokens }, index) => (
    <li key={index} dir="auto" data-task={task || undefined}>
      {task && <input type="checkbox" checked={checked ?? false} readOnly disabled aria-label={checked ? 'Done' : 'To do'} />}
      {blocks(
        tokens.filter(({ type }) => type !== 'checkbox'),
        isLive && index === items.length - 1,
        depth + 1,
      )}
    </li>
  ));
  return ordered ? <ol start={start === '' ? 1 : start}>{rows}</ol> : <ul>{rows}</ul>;
}

function Table({ table: { header, rows }, isLive }: { table: Tokens.Table; isLive: boolean }) {
  return (
    <div className="md-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map(({ tokens, align }, column) => (
              <th key={column} scope="col" dir="auto" data-align={align ?? undefined}>
                {inline(tokens, false)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map(({ tokens, align }, column) => (
                <td key={column} dir="auto" data-align={align ?? undefined}>
                  {inline(tokens, isLive && row === rows.length - 1 && column === cells.length - 1)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: Token[] | undefined, isLive: boolean): ReactNode {
  return tokens?.map((token, index) => <Inline key={index} token={token} isLive={isLive && index === tokens.length - 1} />);
}

const words = (text: string, isLive: boolean): ReactNode => (isLive ? <Warm text={plainOf(text)} /> : plainOf(text));

function Inline({ token, isLive }: { token: Token; isLive: boolean }): ReactNode {
  const within = () => inline((token as Tokens.Strong).tokens, isLive);
  switch (token.type) {
    case 'strong':
      return <strong>{within()}</strong>;
    case 'em':
      return <em>{within()}</em>;
    case 'del':
      return <del>{within()}</del>;
    case 'br':
      return <br />;
    case 'codespan':
      return (
        <>
          <code>{(token as Tokens.Codespan).text}</code>
          {isLive && <i className="caret" />}
        </>
      );
    case 'link': {
      const to = linkOf((token as Tokens.Link).href);
      return to === undefined ? words(token.raw, isLive) : <Out to={to}>{within()}</Out>;
    }
    case 'image': {
      // An image would be fetched from elsewhere, which says who reads this.
      const { href, text } = token as Tokens.Image;
      const to = linkOf(href);
      return to === undefined ? words(token.raw, isLive) : <Out to={to}>{text === '' ? 'Image' : `Image: ${plainOf(text)}`}</Out>;
    }
    case 'text':
    case 'escape': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? within() : words(text, isLive);
    }
    default:
      return words(token.raw, isLive);
  }
}

function Out({ to, children }: { to: string; children: ReactNode }) {
  return (
    <a href={to} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
