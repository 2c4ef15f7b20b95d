// What the graph shows at the moment. Each card reads only what is its own, so that a word of one step draws one card.
import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { shownState, type Run, type Step, type StepState } from '../run/run';
import { turnShown } from '../run/turns';

export interface Scene {
  run: Run | null;
  chosen: string | undefined;
  /** What is wrong with each node of the text: the fields. */
  faults: ReadonlyMap<string, string[]>;
}

export interface SceneStore {
  get: () => Scene;
  subscribe: (listener: () => void) => () => void;
}

export const SceneContext = createContext<SceneStore | null>(null);

/** A store that says what it was last given. */
export function useSceneStore(scene: Scene): SceneStore {
  const current = useRef(scene);
  const listeners = useRef(new Set<() => void>());
  const store = useRef<SceneStore>({
    get: () => current.current,
    subscribe: (listener) => {
      listeners.current.add(listener);
      return () => void listeners.current.delete(listener);
    },
  });
  useEffect(() => {
    current.current = scene;
    for (const listener of listeners.current) listener();
  });
  return store.current;
}

/** `select` gives the same thing for as long as nothing is to be drawn anew. */
export function useScene<T>(select: (scene: Scene) => T): T {
  const store = useContext(SceneContext)!;
  const read = () => select(store.get());
  return useSyncExternalStore(store.subscribe, read);
}

/** The scene at the moment it is asked for, which is when something is pressed. */
export const useSceneNow = (): (() => Scene) => useContext(SceneContext)!.get;

/** Where a run has the card: `each/sum` is `each/8/sum` while item 8 is shown. What is called is there once. */
export function pathIn({ run, chosen }: Scene, path: string): string | undefined {
  if (!run) return undefined;
  const [first, ...ids] = path.split('/');
  let at: string = first!;
  for (const id of ids) {
    const isCall = run.steps.get(at)?.calls !== undefined;
    const index = isCall ? undefined : turnShown(run, at, chosen);
    if (!isCall && index === undefined) return undefined;
    at += isCall ? `/${id}` : `/${index}/${id}`;
  }
  return at;
}

export function stepOf(scene: Scene, path: string): Step | undefined {
  const at = pathIn(scene, path);
  return at === undefined ? undefined : scene.run?.steps.get(at);
}

/** What has not begun inside a container that has is pending; what the run has never heard of has no state. */
export function stateOf(scene: Scene, path: string): StepState | undefined {
  const step = stepOf(scene, path);
  const container = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : undefined;
  if (step) return shownState(step);
  return container !== undefined && stepOf(scene, container) ? 'pending' : undefined;
}

/** Cards of a run are chosen by its paths, cards of a text by their own. What is closed stands for all that is in it. */
export function isChosen(scene: Scene, path: string, isClosed: boolean): boolean {
  const at = scene.run ? pathIn(scene, path) : path;
  return at !== undefined && (scene.chosen === at || (isClosed && scene.chosen?.startsWith(`${at}/`) === true));
}
