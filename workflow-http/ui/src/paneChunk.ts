// The panes that the first view does not need, built as one chunk. Import them from `lazyPanes.ts`.
export { follow } from './api/follow';
export { EditTools } from './editor/steps/EditTools';
export { Conflict } from './layout/Conflict';
export { Dock } from './layout/Dock';
export { Versions } from './layout/Versions';
export { WorkflowMenu } from './layout/WorkflowMenu';
export { Announcer } from './panes/Announcer';
export { Detail } from './panes/Detail';
export { InputPane } from './panes/InputPane';
export { BudgetLine } from './panes/BudgetLine';
export { Continue, NextLine } from './panes/Continue';
export { OriginLine } from './panes/OriginLine';
export { StepList } from './panes/StepList';
export { reduce } from './run/reduce';
export { readValue } from './run/values';
export { Side } from './side/Side';
