// How the editor learns what an expression gave in the run on the page.
import { Facet } from '@codemirror/state';

/** `written`: the path of the node in the text; empty outside of nodes. `undefined` if there is no value. */
export type ReadValue = (written: string, expression: string) => Promise<{ value: unknown } | undefined>;

export const runValues = Facet.define<ReadValue, ReadValue | undefined>({ combine: ([first]) => first });
