// A workflow as a small picture: rows of boxes, and what leads from one to another.
import { needsOf } from '../editor/needs';

export interface Node {
  id: string;
  type: string;
  needs?: string[];
  case?: string;
  when?: string;
  data?: { nodes?: Node[] };
}

export interface Box {
  id: string;
  type: string;
  x: number;
  y: number;
  isMaybe: boolean;
  from: string[];
}

export const BOX = { width: 78, height: 30, across: 18, down: 18 };

/** What is looked at: of a workflow that is one loop, what it repeats. */
export function shownOf(nodes: Node[]): { nodes: Node[]; isLoop: boolean } {
  const [only] = nodes;
  const inner = nodes.length === 1 && only?.type === 'LoopNode' ? only.data?.nodes : undefined;
  return inner ? { nodes: inner, isLoop: true } : { nodes, isLoop: false };
}

/** Each box one row below the lowest that it needs, each row centred. */
export function boxesOf(nodes: Node[]): { boxes: Box[]; width: number; height: number } {
  const rows: Node[][] = [];
  const rowOf = new Map<string, number>();
  const needsAt = (index: number) => needsOf(nodes[index], nodes[index - 1]);
  nodes.forEach((node, index) => {
    const row = Math.max(-1, ...needsAt(index).map((need) => rowOf.get(need) ?? -1)) + 1;
    rowOf.set(node.id, row);
    (rows[row] ??= []).push(node);
  });
  const widthOf = (many: number) => many * (BOX.width + BOX.across) - BOX.across;
  const width = Math.max(...rows.map((row) => widthOf(row.length)));
  const boxes = nodes.map(({ id, type, when, case: branch }, index): Box => {
    const row = rowOf.get(id)!;
    const beside = rows[row]!;
    const x = (width - widthOf(beside.length)) / 2 + beside.findIndex((one) => one.id === id) * (BOX.width + BOX.across);
    return { id, type, x, y: row * (BOX.height + BOX.down), isMaybe: (when ?? branch) !== undefined, from: needsAt(index) };
  });
  return { boxes, width, height: rows.length * (BOX.height + BOX.down) - BOX.down };
}
