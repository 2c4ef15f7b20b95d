// What the page can do without for a moment: one chunk, and `lazyPanes.ts` is the way to it.
export { Conflict } from './layout/Conflict';
export { Versions } from './layout/Versions';
export { WorkflowMenu } from './layout/WorkflowMenu';
export { Detail } from './panes/Detail';
export { Faults } from './panes/Faults';
export { InputPane } from './panes/InputPane';
export { Log } from './panes/Log';
export { StepList } from './panes/StepList';
export { Side } from './side/Side';
export { Timeline } from './timeline/Timeline';
