// The list of keyboard shortcuts, and the way to the documentation.
import { Dialog } from '../parts/Dialog';
import { isMac } from '../base/format';

const MOD = isMac ? '⌘' : 'Ctrl';

const KEYS: readonly [does: string, ...keys: string[]][] = [
  ['Run, or send an answer', MOD, 'Enter'],
  ['Cancel the run', MOD, '.'],
  ['Save', MOD, 'S'],
  ['New workflow', 'n'],
  ['Graph, JSON, both', 'g', 'j', 'b'],
  ['Timeline, log, faults', 't', 'l', 'f'],
  ['Step above, below', '↑', '↓'],
  ['Open, close a map or loop', '→', '←'],
  ['Item, round or turn before, after', '[', ']'],
  ['Continue the run, or run what if', 'c'],
  ['Step: retry from it, run only it', 'r', 'x'],
  ['Set the output of the step', 'o'],
  ['Follow the text', 'e'],
  ['Format the text', 'Shift', 'Alt', 'F'],
  ['What can be written here', 'Ctrl', 'Space'],
  ['Value at the cursor in the run', 'F2'],
  ['Next fault', 'F8'],
  ['Search the graph, else the runs', '/'],
  ['Graph: fit, larger, smaller', '0', '+', '-'],
  ['Close, leave the editor', 'Esc'],
  ['These keys', '?'],
];

const DOCUMENTS: readonly [word: string, href: string][] = [
  ['Your first workflow', 'docs/tutorial'],
  ['The workflow language', 'docs/language'],
  ['The API', 'docs/api'],
];

export default function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys and help" onClose={onClose}>
      <dl className="grid gap-x-7 desk:grid-cols-2">
        {KEYS.map(([does, ...keys]) => (
          <div key={does} className="flex justify-between gap-2.5 border-t border-line py-1.5">
            <dt className="text-ink-2">{does}</dt>
            <dd className="flex flex-none gap-1">
              {keys.map((key) => (
                <kbd key={key} className="key">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-meta text-ink-3">Single letters are off while you type.</p>
      <p className="mt-3 flex flex-wrap gap-x-3.5">
        {DOCUMENTS.map(([word, href]) => (
          <a key={href} href={href} target="_blank" rel="noreferrer" className="font-strong text-live underline underline-offset-3">
            {word}
          </a>
        ))}
      </p>
    </Dialog>
  );
}
