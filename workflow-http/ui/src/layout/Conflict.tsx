import type { Workflow } from '../api/types';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { useActions } from '../session/session';

/** Another page saved a version first: neither is lost. */
export function Conflict({ theirs }: { theirs: Workflow }) {
  const { save, takeTheirs } = useActions();
  return (
    <div role="alert" className="flex flex-none flex-wrap items-center gap-2 border-t border-line bg-panel px-3.5 py-2">
      <Icon name="warning" className="text-retry" />
      <p className="mr-2">Version {theirs.version} was saved while you edited.</p>
      <Button size="small" onClick={takeTheirs}>
        Show version {theirs.version}
      </Button>
      <Button size="small" onClick={save}>
        Save yours as {theirs.version + 1}
      </Button>
    </div>
  );
}
