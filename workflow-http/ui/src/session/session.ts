// The state of the page: one store for all components. Each selects what it shows; what a person does goes through the actions.
import { createContext, useContext, type RefObject } from 'react';
import type { Problem, Rerun, Workflow } from '../api/types';
import { useSelected, type Store } from '../base/store';
import type { EditorRef } from '../editor/Editor';
import type { Check } from '../editor/useCheck';
import type { Source } from '../editor/Editor';
import type { RunView } from '../run/useRun';
import type { Address } from './address';
import type { Choice, ChoiceActions } from './useChoice';
import type { Input } from './useInput';
import type { Note } from './useOpen';
import type { Saved } from './useText';

export interface Session {
  address: Address;
  /** The run that the address names. */
  runId: string | null;
  view: RunView;
  text: TextState;
  input: InputState;
  messages: Messages;
  phase: Phase;
  choice: Choice;
}

export interface TextState {
  /** The text that was last set from outside. */
  source: Source;
  /** The current text of the editor. */
  text: string;
  check: Check;
  name: string;
  /** The stored workflow that the text is a version of. */
  saved: Saved | null;
  /** The text has unsaved changes. */
  isEdited: boolean;
}

export interface InputState {
  value: Input;
  /** Changes when the input becomes that of another workflow. */
  turn: number;
}

export interface Messages {
  /** Why the server refused the last request. */
  refusal: Problem | null;
  note: Note | null;
  /** The version that another page saved while the text was edited here. */
  theirs: Workflow | null;
  /** This page followed the run, and the server no longer has it. */
  isForgotten: boolean;
}

/** What can be done now, and what is being done. */
export interface Phase {
  /** The workflow of the address is being loaded: what is shown belongs to another. */
  isOpening: boolean;
  isStarting: boolean;
  isCancelling: boolean;
  /** The run of the address has not ended, or is not known yet. */
  isGoing: boolean;
  canRun: boolean;
  canCancel: boolean;
  canSave: boolean;
  /** The text is the run's own workflow, edited since: a retry saves it and uses it. */
  isMended: boolean;
  /** The run has ended, and can be continued with what is written. */
  canContinue: boolean;
}

export interface Actions {
  go: (to: Address, how?: 'push' | 'replace') => void;
  setText: (text: string) => void;
  setInput: (input: Input) => void;
  /** Sets an input that was not typed. */
  fillInput: (input: Input) => void;
  start: () => void;
  /** Does the run again, with what is written now: as much of it as this says. */
  rerun: (how: Rerun) => void;
  cancel: () => void;
  save: () => void;
  /** Shows the version that another page saved. The editor can undo it. */
  takeTheirs: () => void;
  /** Begins a new workflow. */
  begin: () => void;
  /** Begins a new workflow with this text. */
  take: (text: string) => void;
  /** Stores a workflow and starts a run of it. */
  tryOut: (spec: unknown, input: unknown) => void;
}

interface Held {
  store: Store<Session>;
  actions: Actions;
  choiceActions: ChoiceActions;
  editor: RefObject<EditorRef | null>;
}

export const SessionContext = createContext<Held | null>(null);

const useHeld = (): Held => useContext(SessionContext)!;

/** The part of the session that a component shows. */
export const useSession = <S>(select: (session: Session) => S): S => useSelected(useHeld().store, select);

/** Reads the session when something is done, without drawing again for each change. */
export const useSessionNow = (): (() => Session) => useHeld().store.get;

/** The functions never change. */
export const useActions = (): Actions => useHeld().actions;

export const useChoiceActions = (): ChoiceActions => useHeld().choiceActions;

export const useEditor = (): RefObject<EditorRef | null> => useHeld().editor;

export const runOf = ({ view }: Session) => view.run;
