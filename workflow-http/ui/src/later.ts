// Components of a chunk of their own. It is asked for at once: the frame of the page does not wait for what is in it.
import { lazy } from 'react';

const details = import('./details');

export const Conflict = lazy(async () => ({ default: (await details).Conflict }));
export const Detail = lazy(async () => ({ default: (await details).Detail }));
export const Faults = lazy(async () => ({ default: (await details).Faults }));
export const InputPane = lazy(async () => ({ default: (await details).InputPane }));
export const Log = lazy(async () => ({ default: (await details).Log }));
export const Side = lazy(async () => ({ default: (await details).Side }));
export const StepList = lazy(async () => ({ default: (await details).StepList }));
export const Timeline = lazy(async () => ({ default: (await details).Timeline }));
export const Versions = lazy(async () => ({ default: (await details).Versions }));
export const WorkflowMenu = lazy(async () => ({ default: (await details).WorkflowMenu }));
