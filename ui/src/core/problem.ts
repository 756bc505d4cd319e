// What went wrong, in words for people: every error becomes a message and, where there is one, a hint.

export interface Problem {
  code: string;
  message: string;
  hint?: string;
}

/** The problem of what is tried again by itself. */
export function triedAgain(error: unknown): Problem {
  return { ...problemOf(error), hint: "The page tries again by itself." };
}

export function problemOf(error: unknown): Problem {
  const { code, message, hint } = (typeof error === "object" && error !== null ? error : { message: String(error) }) as Record<
    string,
    unknown
  >;
  return {
    code: typeof code === "string" ? code : "error",
    message: typeof message === "string" && message ? message : "Something went wrong.",
    ...(typeof hint === "string" && hint ? { hint } : {}),
  };
}
