// A swipe to the right or left on a touch screen; what moves along is the element itself.

import type { Attachment } from "svelte/attachments";

const FAR = 96;

export function swipe(decide: (direction: "right" | "left") => void): Attachment<HTMLElement> {
  return (element) => {
    let from: { x: number; y: number; id: number } | null = null;
    let moving = false;

    function begin(event: PointerEvent): void {
      const target = event.target as Element;
      if (event.pointerType !== "touch" || target.closest("button, a, input, textarea, select, audio, canvas, .strip")) return;
      from = { x: event.clientX, y: event.clientY, id: event.pointerId };
      moving = false;
    }
    function move(event: PointerEvent): void {
      if (!from || event.pointerId !== from.id) return;
      const x = event.clientX - from.x;
      if (!moving && Math.abs(x) > 12 && Math.abs(x) > 2 * Math.abs(event.clientY - from.y)) moving = true;
      if (!moving) return;
      element.style.transform = `translateX(${x / 2}px)`;
      element.dataset.swipe = x > FAR ? "right" : x < -FAR ? "left" : "";
    }
    function end(event: PointerEvent): void {
      if (!from || event.pointerId !== from.id) return;
      const x = event.clientX - from.x;
      const far = moving && Math.abs(x) > FAR && event.type === "pointerup";
      from = null;
      moving = false;
      element.style.transform = "";
      delete element.dataset.swipe;
      if (far) decide(x > 0 ? "right" : "left");
    }
    element.style.touchAction = "pan-y pinch-zoom";
    element.addEventListener("pointerdown", begin);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
    return () => {
      element.removeEventListener("pointerdown", begin);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
    };
  };
}
