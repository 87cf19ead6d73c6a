/** The groups that take turns in a queue, from the widest to the narrowest. */
export type Turn = readonly string[];

interface Group<T> {
  readonly groups: Map<string, Group<T>>;
  readonly items: T[];
}

/** A fair queue: groups take turns, within each its subgroups, and the items of a group leave in their order of arrival. */
export class TurnQueue<T> {
  readonly #root: Group<T> = newGroup();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(path: Turn, item: T): void {
    let group = this.#root;
    for (const name of path) {
      let inner = group.groups.get(name);
      if (inner === undefined) {
        inner = newGroup();
        group.groups.set(name, inner);
      }
      group = inner;
    }
    group.items.push(item);
    this.#size += 1;
  }

  /** Removes and returns the next item. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    this.#size -= 1;
    return shift(this.#root);
  }

  /** Removes an item before its turn. */
  remove(path: Turn, item: T): void {
    if (remove(this.#root, path, item)) this.#size -= 1;
  }
}

function newGroup<T>(): Group<T> {
  return { groups: new Map(), items: [] };
}

const isEmpty = ({ groups, items }: Group<unknown>) => groups.size === 0 && items.length === 0;

/** The order of the map is the order of turns: a group that had its turn moves to the end. */
function shift<T>({ groups, items }: Group<T>): T | undefined {
  const first = groups.entries().next().value;
  if (first === undefined) return items.shift();
  const [name, group] = first;
  groups.delete(name);
  const item = shift(group);
  if (!isEmpty(group)) groups.set(name, group);
  return item;
}

function remove<T>(group: Group<T>, [name, ...rest]: readonly string[], item: T): boolean {
  if (name === undefined) {
    const index = group.items.indexOf(item);
    if (index >= 0) group.items.splice(index, 1);
    return index >= 0;
  }
  const inner = group.groups.get(name);
  if (inner === undefined) return false;
  const removed = remove(inner, rest, item);
  if (isEmpty(inner)) group.groups.delete(name);
  return removed;
}
