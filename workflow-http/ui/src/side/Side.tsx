// The lists of workflows and of runs.
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { PaneHead } from '../parts/PaneHead';
import { useActions } from '../session/session';
import { RunList } from './RunList';
import type { Lists } from './useLists';
import { WorkflowList } from './WorkflowList';

interface Props {
  lists: Lists;
  isOpen: boolean;
  onClose: () => void;
}

/** A column where there is space, else a drawer. */
export function Side({ lists, isOpen, onClose }: Props) {
  const { begin } = useActions();
  return (
    <aside aria-label="Workflows and runs" className="pane pane-side border-line bg-panel desk:border-r" data-pane="runs" data-open={isOpen || undefined}>
      <PaneHead title="Workflows">
        <Button
          look="quiet"
          size="small"
          className="w-8 px-0 desk:w-[26px]"
          aria-label="New workflow"
          aria-keyshortcuts="n"
          onClick={() => {
            begin();
            onClose();
          }}
        >
          <Icon name="plus" size={14} />
        </Button>
      </PaneHead>
      <WorkflowList lists={lists} onOpen={onClose} />
      <RunList lists={lists} onOpen={onClose} />
    </aside>
  );
}
