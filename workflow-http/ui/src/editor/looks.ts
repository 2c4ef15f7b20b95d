// The theme of the editor. The page's style sheet does not reach into its shadow root, but custom properties do.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const code = 'var(--font-code)';

const frame = EditorView.theme({
  '&': { height: '100%', background: 'var(--inset)', color: 'var(--ink-3)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: `12px/20px ${code}`, overflow: 'auto' },
  '.cm-content': { padding: '6px 0 24px', caretColor: 'var(--ink)' },
  // A wrapped line hangs by two: `--d` is the line's own indent.
  '.cm-line': { padding: '0 10px 0 calc(8px + (var(--d, 0) + 2) * 1ch)', textIndent: 'calc((var(--d, 0) + 2) * -1ch)' },
  '.cm-cursor': { borderLeft: '2px solid var(--live)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    background: 'color-mix(in oklab, var(--live) 28%, transparent)',
  },
  '.cm-gutters': { background: 'transparent', border: '0', color: 'var(--ink-3)' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '26px', padding: '0 6px 0 2px', fontSize: '11px' },
  '.cm-states': { width: '20px' },
  '.cm-states .cm-gutterElement': { display: 'grid', placeItems: 'center', cursor: 'pointer' },
  '.cm-states svg': {
    width: '13px',
    height: '13px',
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: '1.5',
    strokeLinecap: 'round',
    strokeLinejoin: 'round',
  },
  '.cm-states svg .core': { fill: 'currentColor', stroke: 'none' },
  '.cm-state-running': { color: 'var(--live)' },
  '.cm-state-retrying': { color: 'var(--retry)' },
  '.cm-state-waiting': { color: 'var(--wait)' },
  '.cm-state-delayed': { color: 'var(--ink-2)' },
  '.cm-state-completed': { color: 'var(--ok)' },
  '.cm-state-failed': { color: 'var(--fail)' },
  '&.cm-focused .cm-matchingBracket': { background: 'var(--raised)', color: 'var(--ink)' },
  '.cm-chosen': { background: 'var(--live-wash)', boxShadow: 'inset 3px 0 var(--live)' },
  '.cm-faulty': { background: 'var(--fail-wash)', boxShadow: 'inset 3px 0 var(--fail)' },
  '.cm-fault': {
    textDecoration: 'underline wavy var(--fail) 1.3px',
    textUnderlineOffset: '3.5px',
    textDecorationSkipInk: 'none',
  },
  '.cm-warned': { boxShadow: 'inset 3px 0 var(--retry)' },
  '.cm-warning': {
    textDecoration: 'underline dotted var(--retry) 2px',
    textUnderlineOffset: '3.5px',
    textDecorationSkipInk: 'none',
  },
  '.cm-lens': {
    // Padding, not margin: the editor measures it, and line numbers stay beside their lines.
    margin: '0 10px 0 16px',
    padding: '1px 0 4px',
    display: 'grid',
    gap: '4px',
    color: 'var(--ink)',
    font: '12px/17px var(--font-ui)',
    whiteSpace: 'normal',
  },
  // One box for each fault: two of them are not one.
  '.cm-lens > div': { padding: '4px 8px', borderLeft: '2px solid var(--fail)', borderRadius: '0 5px 5px 0', background: 'var(--card)' },
  '.cm-lens > .cm-lens-warning': { borderLeftColor: 'var(--retry)' },
  '.cm-lens p': { margin: '0' },
  '.cm-lens code': { fontFamily: code },
  '.cm-lens p + p': { color: 'var(--ink-2)' },
  '.cm-lens button': {
    padding: '0 4px',
    border: '0',
    background: 'none',
    color: 'var(--live)',
    font: 'inherit',
    fontWeight: '550',
    textDecoration: 'underline',
    textUnderlineOffset: '3px',
    cursor: 'pointer',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
    background: 'var(--card)',
    color: 'var(--ink)',
    boxShadow: '0 8px 28px rgb(0 0 0 / 0.25)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: code, maxHeight: '14em', padding: '3px 0' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 10px', lineHeight: '20px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--raised)', color: 'var(--ink)', boxShadow: 'inset 3px 0 var(--live)' },
  '.cm-completionDetail': { color: 'var(--ink-3)', font: '12px/20px var(--font-ui)', marginLeft: '10px' },
  '.cm-completionMatchedText': { color: 'var(--live)', textDecoration: 'none' },
  '.cm-tooltip.cm-completionInfo': { padding: '0', maxWidth: '320px' },
  '.cm-about': { padding: '6px 10px', maxWidth: '320px', font: '12px/17px var(--font-ui)', overflowWrap: 'anywhere' },
  '.cm-about code': { fontFamily: code },
  '.cm-value': { color: 'var(--ink-3)' },
  '.cm-value pre': { margin: '3px 0 0', maxHeight: '200px', overflow: 'auto', font: `12px/17px ${code}`, whiteSpace: 'pre-wrap', color: 'var(--ink)' },
  '.cm-ref, .cm-ref *': { color: 'var(--syn-ref)' },
  '.cm-id, .cm-id *': { color: 'var(--ink)', fontWeight: '700' },
});

const words = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--ink-2)' },
  { tag: tags.string, color: 'var(--syn-str)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--syn-num)' },
]);

export const looks = [frame, syntaxHighlighting(words)];
