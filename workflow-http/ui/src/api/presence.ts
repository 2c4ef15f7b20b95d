// Whether anybody looks at the page, and whether there is a network: what decides how a run is followed.

export interface Presence {
  isHidden: () => boolean;
  isOffline: () => boolean;
  /** Calls when one of them changes, and when the server was asked for something that comes back as events. */
  onChange: (listener: () => void) => () => void;
}

const nudges = new EventTarget();

/** Something was sent that the server answers by events: they are looked for at once. */
export const nudge = (): void => void nudges.dispatchEvent(new Event('nudge'));

export const presence: Presence = {
  isHidden: () => document.visibilityState === 'hidden',
  isOffline: () => !navigator.onLine,
  onChange: (listener) => {
    const places: [EventTarget, string][] = [
      [document, 'visibilitychange'],
      [window, 'online'],
      [window, 'offline'],
      [nudges, 'nudge'],
    ];
    for (const [target, name] of places) target.addEventListener(name, listener);
    return () => {
      for (const [target, name] of places) target.removeEventListener(name, listener);
    };
  },
};
