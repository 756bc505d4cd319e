// The address after `#` decides which page is open: `#/p/tickets/items/12` is the page "Item" of the project "tickets".

export interface Route {
  page: string;
  project?: string;
  id?: string;
  token?: string;
  /** What follows `?` in the address. */
  query: URLSearchParams;
}

const PROJECT_PAGES: Record<string, string> = {
  label: "Label",
  review: "Review",
  overview: "Overview",
  items: "Items",
  people: "People",
  versions: "Versions",
  quality: "Quality",
  sources: "Sources",
  settings: "Settings",
};

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?", 2);
  const query = new URLSearchParams(search);
  const parts = path.split("/").filter(Boolean).map(decode);
  const [first, project, section = "label", id] = parts;
  if (first === undefined) return { page: "Projects", query };
  if (first === "sign-in") return { page: "SignIn", query };
  if (first === "welcome") return { page: "Welcome", token: project, query };
  if (first === "account") return { page: "Account", query };
  const page = PROJECT_PAGES[section];
  if (first !== "p" || !project || !page) return { page: "", query };
  if (section === "items" && id) return { page: "Item", project, id, query };
  return { page, project, id, query };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page of a project. */
export function link(project: string, section: string, id?: string | number): string {
  return `#/p/${encodeURIComponent(project)}/${section}${id === undefined ? "" : `/${id}`}`;
}

class Router {
  route = $state.raw<Route>(parse(globalThis.location?.hash ?? ""));

  constructor() {
    globalThis.addEventListener?.("hashchange", () => (this.route = parse(location.hash)));
  }

  go(address: string, replace = false): void {
    if (replace) location.replace(address);
    else location.hash = address.replace(/^#/, "");
  }
}

export const router = new Router();
