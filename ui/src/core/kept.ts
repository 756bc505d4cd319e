// What this browser keeps until the server has it, in IndexedDB: one drawer for each person and project, so that nobody finds, or sends,
// what another one left. A drawer is read once and written through, so that looking into it never waits.

const STORE = "kept";

type Key = [person: number, project: string, name: string];

export class Drawer {
  readonly #base: IDBDatabase | null;
  readonly #owner: [number, string];
  readonly #full: () => void;
  readonly #records = new Map<string, unknown>();

  private constructor(base: IDBDatabase | null, owner: [number, string], full: () => void) {
    this.#base = base;
    this.#owner = owner;
    this.#full = full;
  }

  /** Open the drawer; `full` is called when something cannot be kept. A browser that forbids keeping lets it be used until the tab closes. */
  static async open(person: number, project: string, full: () => void): Promise<Drawer> {
    const base = await openBase().catch(() => null);
    const drawer = new Drawer(base, [person, project], full);
    if (base) {
      const store = base.transaction(STORE).objectStore(STORE);
      const range = IDBKeyRange.bound([person, project], [person, project, []]);
      const [keys, values] = await Promise.all([settled(store.getAllKeys(range)), settled(store.getAll(range))]);
      keys.forEach((key, i) => drawer.#records.set((key as Key)[2], values[i]));
    }
    return drawer;
  }

  get<T>(name: string): T | null {
    return (this.#records.get(name) as T | undefined) ?? null;
  }

  /** Everything whose name begins so, in the order of the names. */
  all<T>(beginning: string): T[] {
    return [...this.#records.keys()]
      .filter((name) => name.startsWith(beginning))
      .sort()
      .map((name) => this.#records.get(name) as T);
  }

  put(name: string, value: unknown): void {
    this.#records.set(name, value);
    this.#write((store) => store.put(value, [...this.#owner, name]));
  }

  remove(name: string): void {
    this.#records.delete(name);
    this.#write((store) => store.delete([...this.#owner, name]));
  }

  #write(work: (store: IDBObjectStore) => void): void {
    if (!this.#base) return this.#full();
    try {
      const transaction = this.#base.transaction(STORE, "readwrite");
      transaction.onabort = this.#full;
      work(transaction.objectStore(STORE));
      transaction.commit();
    } catch {
      this.#full();
    }
  }
}

async function openBase(): Promise<IDBDatabase> {
  const request = indexedDB.open("labelwright", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
