// Actions of the graph, for the cards in it.
import { createContext, useContext } from 'react';

export interface Acts {
  choose: (path: string) => void;
  open: (path: string, isOpen: boolean) => void;
}

export const ActsContext = createContext<Acts>({ choose: () => undefined, open: () => undefined });

export const useActs = (): Acts => useContext(ActsContext);
