// What is loaded because the pointer moved has missed that move: it gets the last one.

/** Loads with the first move over an element. */
export function loadUnderPointer(element: HTMLElement, load: () => Promise<void>): void {
  let last: { target: EventTarget | null; at: MouseEventInit } | undefined;
  const moved = ({ target, clientX, clientY }: PointerEvent) => {
    last = { target, at: { clientX, clientY, bubbles: true } };
  };
  const left = () => {
    last = undefined;
  };
  const loaded = () => {
    element.removeEventListener('pointermove', moved);
    element.removeEventListener('pointerleave', left);
    last?.target?.dispatchEvent(new MouseEvent('mousemove', last.at));
  };
  element.addEventListener('pointermove', moved);
  element.addEventListener('pointerleave', left);
  element.addEventListener('pointermove', () => void load().then(loaded), { once: true });
}
