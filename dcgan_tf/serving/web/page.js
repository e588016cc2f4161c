// Joins the page's parts, once the network has loaded.

import { Arithmetic } from "page/arithmetic.js";
import { Drops } from "page/drops.js";
import { readFile } from "page/files.js";
import { Gallery } from "page/gallery.js";
import { findMissingFeature, loadNetwork } from "page/network.js";
import { Viewer } from "page/viewer.js";
import { Walk } from "page/walk.js";

const NUM_FIRST_STOPS = 5;
const MAX_RANDOM_SEED = 1_000_000;

const get = (id) => document.getElementById(id);

function say(text, isError = false) {
  get("status").textContent = text;
  get("status").classList.toggle("error", isError);
}

function fail(text) {
  get("progress").hidden = true;
  say(text, true);
}

/** What the address shows: `#seed=3`, or `#seed=3&class=2` of a class. */
function readAddress(numClasses) {
  const match = /^#seed=(\d{1,9})(?:&class=(\d{1,9}))?$/.exec(location.hash);
  const label = Number(match?.[2] ?? 0);
  return {
    seed: Number(match?.[1] ?? 0),
    label: label < numClasses ? label : 0,
  };
}

async function start() {
  const missing = findMissingFeature();
  if (missing) {
    return fail(
      `This browser can't run the network: it has no ${missing}. Chrome 91, ` +
        "Firefox 113 and Safari 16.4, or newer ones, can.",
    );
  }
  const model = JSON.parse(new TextDecoder().decode(await readFile("model.json")));
  const network = await loadNetwork(model, (what, fraction) => {
    get("progress").value = fraction;
    say(`Loading ${what}…`);
  });
  describe(model);
  get("progress").hidden = true;
  get("main").hidden = false;
  say("");
  sayWhatFails();
  await join(model, network);
}

/** Says what goes wrong from now on, which a visitor would wait for. */
function sayWhatFails() {
  const sayError = (error) =>
    say(`That went wrong: ${error?.message ?? error}`, true);
  addEventListener("error", ({ error, message }) => sayError(error ?? message));
  addEventListener("unhandledrejection", ({ reason }) => sayError(reason));
}

function describe(model) {
  const [height, width] = model.image_size;
  document.documentElement.style.setProperty("--aspect", width / height);
  document.documentElement.classList.toggle("alpha", model.channels === 4);
  get("class-choice").hidden = !model.classes;
  get("class").replaceChildren(
    ...(model.classes ?? []).map((name, label) => new Option(name, label)),
  );
  get("about").textContent =
    `A neural network that learned from ${model.dataset} draws every picture ` +
    `on this page, here in your browser, each from ${model.latent_dim} random ` +
    "numbers.";
  get("footer").textContent =
    `${model.family.toUpperCase()}, ${height}×${width}, ` +
    `${model.num_parameters.toLocaleString("en")} parameters, step ${model.step.toLocaleString("en")}. Nothing leaves ` +
    "this page.";
}

async function join(model, draw) {
  const takers = {};
  const drops = new Drops(takers, say);
  const viewer = new Viewer(
    draw,
    {
      dialog: get("viewer"),
      title: get("viewer-title"),
      canvas: get("viewer-canvas"),
      sliders: get("sliders"),
      reset: get("reset"),
      save: get("save-png"),
    },
    model.directions,
  );
  const open = (sample) => viewer.open(sample);
  const choose = (sample) => drops.offer(sample) || open(sample);
  const gallery = new Gallery(get("grid"), draw, model.latent_dim, choose);
  const walk = new Walk(
    draw,
    {
      canvas: get("walk-canvas"),
      stops: get("stops"),
      play: get("play"),
      save: get("save-gif"),
    },
    drops,
    say,
  );
  const boxes = Object.fromEntries(
    ["A", "B", "C"].map((name) => [
      name, document.querySelector(`[data-drop="${name}"]`),
    ]),
  );
  const sum = new Arithmetic(draw, boxes, get("result"), drops, open);
  takers.walk = (sample) => walk.add(sample);
  for (const name of Object.keys(boxes)) {
    takers[name] = (sample) => sum.put(name, sample);
  }
  drops.watch(
    get("grid"),
    (target) => gallery.samples[target.closest(".picture")?.dataset.index],
  );
  for (const button of document.querySelectorAll("[data-use]")) {
    button.addEventListener("click", () => {
      get("viewer").close();
      takers[button.dataset.use](viewer.sample);
    });
  }
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let walked = null;
  await watchAddress(model, async ({ seed, label }) => {
    if (!(await gallery.show(seed, label)) || label === walked) return;
    const isFirst = walked === null;
    walked = label;
    const isTaken = walk.suggest(gallery.samples.slice(0, NUM_FIRST_STOPS));
    if (isTaken && isFirst && !isStill) walk.play();
  });
}

/** Shows what the address says, now and when it changes. */
function watchAddress(model, showPictures) {
  const input = get("seed");
  const select = get("class");
  const read = () => readAddress(model.classes?.length ?? 1);
  const write = ({ seed, label }) =>
    `#seed=${seed}` + (model.classes ? `&class=${label}` : "");
  const change = (what) => (location.hash = write({ ...read(), ...what }));
  const setSeed = (seed) => change({ seed });
  const show = () => {
    const { seed, label } = read();
    input.value = seed;
    select.value = label;
    return showPictures({ seed, label });
  };
  addEventListener("hashchange", show);
  select.addEventListener("change", () =>
    change({ label: Number(select.value) }),
  );
  get("new").addEventListener("click", () =>
    setSeed(1 + Math.floor(Math.random() * MAX_RANDOM_SEED)),
  );
  get("seed-form").addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => {
    if (input.checkValidity()) setSeed(Number(input.value));
  });
  get("share").addEventListener("click", async () => {
    history.replaceState(null, "", write(read()));
    try {
      await navigator.clipboard.writeText(location.href);
      say("Copied. The link shows the same pictures to anybody.");
    } catch {
      say(location.href); // No permission: to be copied by hand.
    }
  });
  return show();
}

start().catch((error) => {
  console.error(error);
  fail(`The page could not start: ${error.message ?? error}`);
});
