// Components of a chunk of their own. It is asked for at once, so that it is there when it is needed.
import { lazy } from 'react';

const details = import('./details');

export const InputForm = lazy(async () => ({ default: (await details).InputForm }));
export const RunResult = lazy(async () => ({ default: (await details).RunResult }));
export const StepDetail = lazy(async () => ({ default: (await details).StepDetail }));
export const Timeline = lazy(async () => ({ default: (await details).Timeline }));
