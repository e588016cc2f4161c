// Samples into boxes: dragged there, or the box chosen first.
//
// A box that was clicked waits for the next picture, so that touch and
// keyboard can do what a drag does.

import { makeCanvas } from "page/pictures.js";

const DRAG_PIXELS = 8;

export class Drops {
  /**
   * @param {Object<string, (sample: object) => void>} takers By `data-drop`.
   * @param {(text: string) => void} say
   */
  constructor(takers, say) {
    this.takers = takers;
    this.say = say;
    this.armed = null;
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.armed) this.disarm();
    });
  }

  /** Makes a box wait for a picture. */
  arm(box, what) {
    const isArmed = this.armed === box;
    this.disarm();
    if (isArmed) return;
    this.armed = box;
    box.classList.add("armed");
    document.body.classList.add("choosing");
    this.say(`Choose a picture for ${what}.`);
  }

  disarm() {
    this.armed?.classList.remove("armed");
    document.body.classList.remove("choosing");
    this.armed = null;
    this.say("");
  }

  /** Gives a picture to the box that waits; false where none does. */
  offer(sample) {
    if (!this.armed) return false;
    const name = this.armed.closest("[data-drop]").dataset.drop;
    this.disarm();
    this.takers[name](sample);
    return true;
  }

  /** Lets a mouse or pen drag what `find` gives for an element. */
  watch(container, find) {
    container.addEventListener("pointerdown", (event) => {
      // A finger scrolls the page instead.
      if (event.pointerType === "touch" || event.button !== 0) return;
      const sample = find(event.target);
      if (sample) this.follow(event, sample, event.target);
    });
  }

  follow({ clientX, clientY }, sample, source) {
    let ghost = null;
    let over = null;
    const stop = new AbortController();
    const listen = (type, handler) =>
      addEventListener(type, handler, { signal: stop.signal, capture: true });

    listen("pointermove", (event) => {
      const distance = Math.hypot(
        event.clientX - clientX, event.clientY - clientY,
      );
      if (!ghost && distance < DRAG_PIXELS) return;
      if (!ghost) {
        ghost = makeCanvas(sample.image);
        ghost.classList.add("ghost");
        document.body.append(ghost);
      }
      event.preventDefault();
      ghost.style.left = `${event.clientX}px`;
      ghost.style.top = `${event.clientY}px`;
      over?.classList.remove("over");
      over = document
        .elementFromPoint(event.clientX, event.clientY)
        ?.closest("[data-drop]");
      over?.classList.add("over");
    });
    const finish = () => {
      stop.abort();
      ghost?.remove();
      over?.classList.remove("over");
    };
    listen("pointerup", () => {
      finish();
      if (!ghost) return;
      // The click that ends a drag opens nothing.
      const swallow = (click) => click.stopPropagation();
      source.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => source.removeEventListener("click", swallow, true));
      if (over) this.takers[over.dataset.drop](sample);
    });
    listen("pointercancel", finish);
  }
}
