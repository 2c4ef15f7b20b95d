// The state that the graph shows. Each card selects its own part, so a token of one step renders one card.
import { createContext, useContext } from 'react';
import { useSelected, type Store } from '../base/store';
import { shownState, type Run, type Step, type StepState } from '../run/run';
import { idOf, isOnFailure } from '../run/outline';
import { callsOf, inTurn, turnShown } from '../run/turns';

export interface Scene {
  run: Run | null;
  chosen: string | undefined;
  /** The fields with faults of each node of the text. */
  faults: ReadonlyMap<string, string[]>;
  /** What the chosen card needs, and what needs it. */
  near: ReadonlySet<string>;
  /** The matches of a search; `null` without one. */
  found: ReadonlySet<string> | null;
}

export const SceneContext = createContext<Store<Scene> | null>(null);

/** A part of the scene. */
export const useScene = <T>(select: (scene: Scene) => T): T => useSelected(useContext(SceneContext)!, select);

/** Reads the scene in an event handler. */
export const useSceneNow = (): (() => Scene) => useContext(SceneContext)!.get;

/** The path in the run: `each/sum` is `each/8/sum` while item 8 is shown. What a call runs exists once. */
export function pathIn({ run, chosen }: Scene, path: string): string | undefined {
  if (!run) return undefined;
  const [first, ...ids] = path.split('/');
  let at: string | undefined = isOnFailure(run.outline, path) ? `${first}/${ids.shift()}` : first!;
  for (const id of ids) {
    const container: Step | undefined = run.steps.get(at);
    if (!container) return undefined;
    at = insideIn(run, container, id, chosen);
    if (at === undefined) return undefined;
  }
  return at;
}

function insideIn(run: Run, { path, repeats }: Step, id: string, chosen: string | undefined): string | undefined {
  if (repeats === undefined) return `${path}/${id}`;
  const index = turnShown(run, path, chosen);
  if (index === undefined) return undefined;
  return repeats === 'turn' ? inTurn(run, path, index, id, chosen) : `${path}/${index}/${id}`;
}

/** How often a tool was called. */
export function callsIn(scene: Scene, path: string): number {
  const agent = pathIn(scene, path.slice(0, path.lastIndexOf('/')));
  return scene.run && agent !== undefined ? (callsOf(scene.run, agent).get(idOf(path))?.length ?? 0) : 0;
}

export function stepOf(scene: Scene, path: string): Step | undefined {
  const at = pathIn(scene, path);
  return at === undefined ? undefined : scene.run?.steps.get(at);
}

/** A step that has not started in a container that has is pending; a step that is not in the run has no state. */
export function stateOf(scene: Scene, path: string): StepState | undefined {
  const step = stepOf(scene, path);
  const container = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : undefined;
  if (step) return shownState(step);
  return container !== undefined && stepOf(scene, container) ? 'pending' : undefined;
}

/** A card of a run is selected by a path of the run, a card of the text by its own. A closed container stands for all steps in it. */
export function isChosen(scene: Scene, path: string, isClosed: boolean): boolean {
  const at = scene.run ? pathIn(scene, path) : path;
  return at !== undefined && (scene.chosen === at || (isClosed && scene.chosen?.startsWith(`${at}/`) === true));
}
