// A box that scrolls sideways can be reached by keyboard as long as there is something to scroll to, and is no stop on the way otherwise.

import type { Attachment } from "svelte/attachments";

export const scrollable: Attachment<HTMLElement> = (element) => {
  const look = (): void => {
    if (element.scrollWidth > element.clientWidth + 1) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver(look);
  watch.observe(element);
  for (const child of element.children) watch.observe(child);
  look();
  return () => watch.disconnect();
};
