// The parts of agents as lazy components.
import { lazy } from 'react';

const agent = () => import('./Agent');

export const CallDetail = lazy(async () => ({ default: (await agent()).CallDetail }));
export const Turns = lazy(async () => ({ default: (await agent()).Turns }));
