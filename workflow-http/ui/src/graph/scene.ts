// What the graph shows at the moment. Each card reads only what is its own, so that a word of one step draws one card.
import { createContext, useContext } from 'react';
import { useSelected, type Store } from '../base/store';
import { shownState, type Run, type Step, type StepState } from '../run/run';
import { turnShown } from '../run/turns';

export interface Scene {
  run: Run | null;
  chosen: string | undefined;
  /** What is wrong with each node of the text: the fields. */
  faults: ReadonlyMap<string, string[]>;
}

export const SceneContext = createContext<Store<Scene> | null>(null);

/** A part of the scene. */
export const useScene = <T>(select: (scene: Scene) => T): T => useSelected(useContext(SceneContext)!, select);

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
