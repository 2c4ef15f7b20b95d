// What the page can do without for a moment: one chunk, and `later.ts` is the way to it.
export { InputForm } from './form/InputForm';
export { RunResult } from './panes/RunResult';
export { StepDetail } from './panes/StepDetail';
export { Timeline } from './timeline/Timeline';
