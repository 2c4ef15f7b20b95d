import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

/** A component in a chunk of its own that is asked for at once: the frame of the page does not wait for what is in it. */
export const soon = <P extends object>(chunk: Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> => lazy(() => chunk.then((component) => ({ default: component })));
