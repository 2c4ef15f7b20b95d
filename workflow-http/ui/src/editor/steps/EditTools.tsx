// What changes the text without typing: a new step, and the format.
import { Button } from '../../parts/Button';
import { Menu } from '../../parts/Menu';
import { useEditor } from '../../session/session';
import { TypeList } from './TypeList';
import { useInsert } from './useInsert';

/** `isTextShown`: there is a text to see the format of. */
export function EditTools({ isTextShown }: { isTextShown: boolean }) {
  const insert = useInsert();
  const editor = useEditor();
  return (
    <>
      <Menu label="Add step" width="w-80">
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
