// What changes the text without typing: a new step, and the format.
import { Button } from '../../parts/Button';
import { Menu } from '../../parts/Menu';
import { useEditor } from '../../session/session';
import { TypeList } from './TypeList';
import { useInsert } from './useInsert';

interface Props {
  /** There is a text to see the format of. */
  isTextShown: boolean;
  /** Where the menu opens to: it must not be cut off. */
  side?: 'left' | 'right';
}

export function EditTools({ isTextShown, side = 'right' }: Props) {
  const insert = useInsert();
  const editor = useEditor();
  return (
    <>
      <Menu label="Add step" width="w-80" side={side}>
        {(close) => (
          <TypeList
            onPick={(type) => {
              close();
              void insert(type);
            }}
          />
        )}
      </Menu>
      {isTextShown && (
        <Button look="quiet" size="small" aria-keyshortcuts="Shift+Alt+F" title="Format (Shift+Alt+F)" onClick={() => editor.current?.format()}>
          Format
        </Button>
      )}
    </>
  );
}
