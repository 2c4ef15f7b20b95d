// The list of keyboard shortcuts.
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
  ['Item or round before, after', '[', ']'],
  ['Retry from this step', 'r'],
  ['Follow the text', 'e'],
  ['Next fault', 'F8'],
  ['Search runs', '/'],
  ['Close, leave the editor', 'Esc'],
  ['These keys', '?'],
];

export default function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
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
    </Dialog>
  );
}
