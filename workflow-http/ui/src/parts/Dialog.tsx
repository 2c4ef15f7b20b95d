import { useEffect, useId, useRef, type ReactNode } from 'react';
import { dialogs } from '../base/useKeys';

interface Props {
  title: string;
  /** For code. */
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Over the page until it is closed: by Escape, by a press beside it, or by what is in it. */
export function Dialog({ title, isWide = false, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialogs.open += 1;
    return () => {
      dialogs.open -= 1;
      (before as HTMLElement | null)?.focus?.();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        // The browser would send its `close` a moment later, and close a dialog opened meanwhile.
        event.preventDefault();
        onClose();
      }}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className={`m-auto max-w-[calc(100vw-32px)] rounded-box border border-line-2 bg-panel p-0 text-ink shadow-float backdrop:bg-black/50 ${isWide ? 'w-[860px]' : 'w-[600px]'}`}
    >
      <div className="max-h-[90vh] overflow-auto px-5.5 pt-4.5 pb-5">
        <h2 id={id} className="mb-2.5 text-[15px] font-bold">
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}
