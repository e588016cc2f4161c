// The grid of samples, moved through by arrow keys.

import { samplePicture } from "page/latents.js";
import { paint } from "page/pictures.js";

const NUM_PICTURES = 60;

export class Gallery {
  /**
   * @param {HTMLElement} grid
   * @param {(latent: Float32Array, label: number) => Promise<ImageData>} draw
   * @param {number} latentDim
   * @param {(sample: object) => void} choose Called with what is clicked.
   */
  constructor(grid, draw, latentDim, choose) {
    this.grid = grid;
    this.draw = draw;
    this.latentDim = latentDim;
    this.samples = [];
    this.showing = 0;
    for (let index = 0; index < NUM_PICTURES; index++) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "picture";
      button.dataset.index = index;
      button.tabIndex = index ? -1 : 0;
      button.setAttribute("aria-label", `Picture ${index + 1}`);
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => {
        if (this.samples[index]) choose(this.samples[index]);
      });
      grid.append(button);
    }
    grid.addEventListener("keydown", (event) => this.moveFocus(event));
    grid.addEventListener("focusin", (event) => {
      const button = event.target.closest(".picture");
      for (const other of grid.children) {
        other.tabIndex = other === button ? 0 : -1;
      }
    });
  }

  /**
   * Draws the pictures of a seed and a class, the last call's if calls overlap.
   *
   * @returns {Promise<boolean>} Whether this call's are all there.
   */
  async show(seed, label) {
    const turn = ++this.showing;
    delete this.grid.dataset.seed;
    for (let index = 0; index < NUM_PICTURES; index++) {
      const latent = samplePicture(seed, index, this.latentDim);
      const image = await this.draw(latent, label);
      if (turn !== this.showing) return false;
      const name = `Picture ${index + 1}`;
      // With its class: another one may be chosen when it is opened.
      this.samples[index] = { latent, label, image, name };
      paint(this.grid.children[index].firstChild, image);
      // Lets the browser answer the visitor between rows.
      if (index % 6 === 5) await new Promise((done) => setTimeout(done));
    }
    Object.assign(this.grid.dataset, { seed, label });
    return true;
  }

  moveFocus(event) {
    const columns = getComputedStyle(this.grid)
      .gridTemplateColumns.split(" ").length;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
    };
    const index = Number(event.target.closest(".picture")?.dataset.index);
    const target = {
      Home: 0, End: NUM_PICTURES - 1,
    }[event.key] ?? index + steps[event.key];
    if (!this.grid.children[target]) return;
    event.preventDefault();
    this.grid.children[target].focus();
  }
}
