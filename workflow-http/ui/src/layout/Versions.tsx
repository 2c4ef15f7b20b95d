// The versions of a workflow, newest first. An older one can be looked at, run, and saved as the newest.
import { useState } from 'react';
import { writeAddress } from '../session/address';
import { asProblem, listVersions } from '../api/client';
import { serverNow } from '../api/clock';
import type { WorkflowItem } from '../api/types';
import { Menu } from '../parts/Menu';
import type { Saved } from '../session/useText';
import { age } from '../base/format';

export function Versions({ saved }: { saved: Saved }) {
  const [known, setKnown] = useState<WorkflowItem[] | string>('Loading');
  const read = () =>
    void listVersions(saved.id).then(
      ({ items }) => setKnown(items),
      (error: unknown) => setKnown(asProblem(error).detail),
    );
  return (
    <Menu label="Versions" onOpen={read}>
      {(close) =>
        typeof known === 'string' ? (
          <p className="px-3 py-2 text-meta text-ink-3">{known}</p>
        ) : (
          <ul aria-label="Versions">
            {known.map(({ version, name, created_at }) => (
              <li key={version}>
                <a
                  href={writeAddress({ at: 'workflow', id: saved.id, version })}
                  onClick={close}
                  aria-current={version === saved.version || undefined}
                  className="relative flex h-8 items-center gap-3 px-3 hover:bg-raised aria-[current]:bg-raised"
                >
                  <code className="w-8 flex-none text-meta">v{version}</code>
                  <span className="flex-1 truncate text-ink-2">{name || 'Untitled'}</span>
                  <time dateTime={created_at} className="text-meta text-ink-3">
                    {age(created_at, serverNow())}
                  </time>
                </a>
              </li>
            ))}
          </ul>
        )
      }
    </Menu>
  );
}
