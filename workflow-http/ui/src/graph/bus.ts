// Edges that can be drawn as one line. Steps that are needed by the same steps share a bus: everything that joins it leads to
// everything that leaves it, so that no edge is read that does not exist.

export interface Edge {
  from: string;
  to: string;
}

/** The bus of the edges that leave a step. */
export function busesOf(edges: Edge[]): (from: string) => string {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of edges) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const buses = new Map([...targets].map(([from, to]) => [from, [...to].sort().join(' ')]));
  return (from) => buses.get(from) ?? from;
}
