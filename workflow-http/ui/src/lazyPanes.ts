// The panes as lazy components. Their chunk is requested at once, and the frame of the page does not wait for it.
import { lazy } from 'react';

const panes = import('./paneChunk');

export const Announcer = lazy(async () => ({ default: (await panes).Announcer }));
export const Conflict = lazy(async () => ({ default: (await panes).Conflict }));
export const Detail = lazy(async () => ({ default: (await panes).Detail }));
export const Dock = lazy(async () => ({ default: (await panes).Dock }));
export const EditTools = lazy(async () => ({ default: (await panes).EditTools }));
export const InputPane = lazy(async () => ({ default: (await panes).InputPane }));
export const BudgetLine = lazy(async () => ({ default: (await panes).BudgetLine }));
export const Continue = lazy(async () => ({ default: (await panes).Continue }));
export const NextLine = lazy(async () => ({ default: (await panes).NextLine }));
export const OriginLine = lazy(async () => ({ default: (await panes).OriginLine }));
export const Side = lazy(async () => ({ default: (await panes).Side }));
export const StepList = lazy(async () => ({ default: (await panes).StepList }));
export const Versions = lazy(async () => ({ default: (await panes).Versions }));
export const WorkflowMenu = lazy(async () => ({ default: (await panes).WorkflowMenu }));
