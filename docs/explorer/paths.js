// How many paths lead from the image to the logits: drawn as strands, and counted row by row when played.
"use strict";

const Paths = (() => {
  const { say, text } = Language;
  const { exact, short } = Sides;
  const PACE = 600; // milliseconds a row
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const list = document.getElementById("hops");
  const said = document.getElementById("said-paths");
  const playButton = document.getElementById("play");
  let hops = [];
  let shown = 0;
  let timer = null;

  function draw(side) {
    stop();
    hops = side.paths;
    shown = hops.length;
    const digits = (number) => number.toString().length;
    const most = digits(hops.at(-1).unit_paths);
    list.replaceChildren(...hops.map((hop) => drawHop(hop, digits(hop.unit_paths) / most)));
    said.replaceChildren();
  }

  function drawHop({ name, row_paths, branch_paths, unit_paths }, share) {
    const counts = (key, number) => element("span", { class: key }, say(key), " ", element("b", {}, number));
    return element(
      "li",
      { style: `--share: ${share}` },
      strands(row_paths),
      element("span", { class: "name" }, element("code", {}, name), row_paths > 1 ? ` × ${row_paths}` : ""),
      counts("branchPaths", exact(branch_paths)),
      counts("unitPaths", short(unit_paths)),
    );
  }

  // One line a path, from the row above to this one.
  function strands(row_paths) {
    const lines = Array.from({ length: row_paths }, (_, i) => {
      const x = 30 + (row_paths === 1 ? 0 : (i / (row_paths - 1) - 0.5) * 52);
      return `<path d="M30 0 C ${x} 12, ${x} 32, 30 44" pathLength="1"/>`;
    });
    const holder = element("span", { class: "strands", "aria-hidden": "true" });
    holder.innerHTML = `<svg viewBox="0 0 60 44" preserveAspectRatio="none">${lines.join("")}</svg>`;
    return holder;
  }

  function show(count) {
    shown = count;
    [...list.children].forEach((item, i) => {
      item.classList.toggle("waiting", i >= shown);
      item.classList.toggle("current", i === shown - 1 && shown < hops.length);
    });
    if (shown > 0) {
      const { name, branch_paths, unit_paths } = hops[shown - 1];
      said.replaceChildren(say("saidPaths", name, exact(branch_paths), short(unit_paths)));
    }
  }

  function step() {
    show(shown >= hops.length ? 1 : shown + 1);
    if (timer && shown < hops.length) timer = setTimeout(step, PACE);
    else stop();
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    playButton.replaceChildren(say("play"));
  }

  function play() {
    if (timer) return stop();
    if (calm.matches) return show(hops.length);
    if (shown >= hops.length) show(0);
    playButton.replaceChildren(say("pause"));
    timer = setTimeout(step, 0);
  }

  playButton.addEventListener("click", play);
  document.getElementById("step").addEventListener("click", () => {
    stop();
    step();
  });
  document.getElementById("all").addEventListener("click", () => {
    stop();
    show(hops.length);
  });
  return { draw };
})();
