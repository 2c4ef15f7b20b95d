import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { Button } from './Button';
import { Icon } from './Icon';

interface Props {
  /** Read, if there is no `face`. */
  label: string;
  face?: ReactNode;
  onOpen?: () => void;
  side?: 'left' | 'right';
  width?: string;
  children: (close: () => void) => ReactNode;
}

/** A button that opens a few things to do. Escape and a press elsewhere close it. */
export function Menu({ label, face, onOpen, side = 'right', width = 'w-64', children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const away = (event: Event) => !box.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const toggle = () => {
    if (!isOpen) onOpen?.();
    setOpen(!isOpen);
  };
  return (
    <div
      ref={box}
      className="relative flex min-w-0 flex-none"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        close();
      }}
    >
      <Button
        ref={button}
        look="quiet"
        size="small"
        aria-expanded={isOpen}
        aria-controls={id}
        aria-label={face ? label : undefined}
        onClick={toggle}
        className={face ? 'w-8 px-0 desk:w-[26px]' : ''}
      >
        {face ?? label}
        {!face && <Icon name="chev" size={12} className="rotate-90" />}
      </Button>
      <div
        id={id}
        hidden={!isOpen}
        className={`absolute top-full z-10 mt-1 max-h-[60vh] ${width} max-w-[calc(100vw-28px)] overflow-auto rounded-card border border-line-2 bg-card py-1 shadow-float ${side === 'right' ? 'right-0' : 'left-0'}`}
      >
        {isOpen && children(close)}
      </div>
    </div>
  );
}
