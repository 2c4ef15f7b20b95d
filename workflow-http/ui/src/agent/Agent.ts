// What the inspector shows of agents, built as one chunk: it comes with the first agent. Import it from `lazyAgent.ts`.
export { CallDetail } from './CallDetail';
export { Turns } from './Turns';
