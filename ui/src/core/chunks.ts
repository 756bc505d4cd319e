// Loads a part of the page when it is first needed, and again where the network failed.

import { ApiError } from "./api";

/** Load a part; an error tells whether trying again can help, or the server has another page by now. */
export async function part<T>(read: () => Promise<T>): Promise<T> {
  try {
    await mendStyles();
    return await read();
  } catch {
    const answered = await fetch("/", { cache: "no-store" }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!answered) throw new ApiError(0, "unreachable", "The server does not answer.");
    throw new ApiError(
      410,
      "renewed",
      "This part of the page cannot be loaded: the page is probably newer by now.",
      undefined,
      "Load the page anew. Drafts and answers are kept.",
    );
  }
}

/** Style sheets that did not come. They are not asked for again by themselves, and their part would be shown without them. */
const failed = new Set<HTMLLinkElement>();
globalThis.document?.addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLLinkElement && target.rel === "stylesheet") failed.add(target);
  },
  true,
);

async function mendStyles(): Promise<void> {
  const again = [...failed];
  failed.clear();
  await Promise.all(
    again.map(
      (one) =>
        new Promise<void>((resolve, reject) => {
          const next = one.cloneNode() as HTMLLinkElement;
          next.onload = () => resolve();
          next.onerror = () => reject(new Error(`${next.href} cannot be loaded.`));
          one.replaceWith(next);
        }),
    ),
  );
}
