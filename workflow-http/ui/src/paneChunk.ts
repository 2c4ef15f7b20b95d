// The panes that the first view does not need, built as one chunk. Import them from `lazyPanes.ts`.
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
