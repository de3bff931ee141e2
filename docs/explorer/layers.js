// What is inside a row: in words, and drawn as boxes, branches side by side.
"use strict";

const Layers = (() => {
  const { say } = Language;
  const NOTES = ["batch_norm", "relu", "dropout"]; // written at the layer they follow
  const SILENT = ["identity", "flatten"];
  const times = (numbers) => numbers.map((number) => number.toLocaleString("en-US")).join(" × ");
  const between = (words, mark) => words.flatMap((word, i) => (i ? [mark, word] : [word]));
  const close = (numbers) => numbers.join("×");

  // What an image passes, one after another: steps, and forks {kind, branches: [[name, lane], …]}. `found` is the
  // tree that Arithmetic measured.
  const lane = (found) =>
    Tree.fold(found, {
      leaf: ({ layer, input, output }) =>
        SILENT.includes(layer.kind) ? [] : [{ layer, input, output, notes: [] }],
      chain: (parts) => noted(parts.flat()),
      branches: (branches, { kind, input, output }) => [{ kind, branches, input, output, notes: [] }],
    });

  // Norms, ReLUs and dropout become notes of what they follow.
  function noted(steps) {
    const kept = [];
    for (const step of steps) {
      if (kept.length && NOTES.includes(step.layer?.kind)) kept.at(-1).notes.push(step.layer.kind);
      else kept.push(step);
    }
    return kept;
  }

  const all = (steps) =>
    steps.flatMap((step) => (step.branches ? step.branches.flatMap(([, lane]) => all(lane)) : [step]));

  // Steps with one key are alike, whatever the map. Forks that are joined alike share one, so that they are looked into.
  function key({ kind: fork, layer, output, notes }) {
    if (!layer) return JSON.stringify([fork, notes]);
    const { kind, kernel_size, stride, padding, groups, ceil_mode, grid, channels } = layer;
    return JSON.stringify([
      kind,
      kernel_size,
      stride,
      padding,
      groups,
      ceil_mode,
      grid,
      channels && output[0],
      notes,
    ]);
  }

  // "3×3/2 64", "5×5 256, 2 groups", "max 3×3/2, rounds up", "linear 1000".
  function label({ layer, output }) {
    if (layer.grid) return [say("averageTo", close(output.slice(1)))];
    const stride = layer.stride && layer.stride[0] !== 1 ? `/${layer.stride[0]}` : "";
    const words = [
      ...(layer.kind === "convolution" ? [] : [say(layer.kind)]),
      ...(layer.kernel_size ? [close(layer.kernel_size) + stride] : []),
      ...(layer.channels ? [String(output[0])] : []),
    ];
    return [
      ...between(words, " "),
      ...(layer.groups > 1 ? [", ", say("groups", layer.groups)] : []),
      ...(layer.ceil_mode ? [", ", say("ceil_mode")] : []),
    ];
  }

  function details({ layer, notes }) {
    const padding = layer.padding ?? [0, 0];
    return [
      ...(Math.max(...padding) > 0 ? [say("padding", close([...new Set(padding)]))] : []),
      ...notes.map((note) => say(note)),
    ];
  }

  // A row in few words: its layers, or how many there are.
  function inWords(steps) {
    if (steps.length === 0) return [say("noLayer")];
    if (steps[0].branches) return [say(steps[0].kind, steps[0].branches.length)];
    if (steps.length > 2) return [say("manyLayers", steps.length)];
    return between(steps.map(label), [" → "]).flat();
  }

  // What a box is drawn like: by the shape of its window, as in lecture_nets.visualize.modules.
  function look({ kind, kernel_size }) {
    if (kind !== "convolution") return kind === "linear" ? "linear" : "pool";
    const [rows, columns] = kernel_size;
    if (rows !== columns) return rows < columns ? "lying" : "standing";
    return rows === 1 ? "point" : "square";
  }

  // `steps` is the lane through the row, of which those in `unlike` are marked.
  function draw(name, { inside }, steps = lane(inside), unlike = new Set()) {
    const ends = [inside.input, inside.output].map(times);
    return element(
      "div",
      { class: "inside", role: "group", tabindex: 0, "aria-label": Language.text("inside", name) },
      element(
        "ol",
        { class: "chain" },
        element("li", { class: "end" }, say("input"), ` ${ends[0]}`),
        drawSteps(steps, unlike),
        element("li", { class: "end" }, say("joined"), ` ${ends[1]}`),
      ),
    );
  }

  const drawSteps = (steps, unlike) =>
    steps.flatMap((step) => (step.branches ? drawFork(step, unlike) : [drawStep(step, unlike.has(step))]));

  // Branches that are added end in a ⊕; those that are concatenated end side by side.
  function drawFork({ kind, branches, notes }, unlike) {
    const pass = element("li", { class: "pass" }, say("identity"));
    const drawn = branches.map(([name, steps]) =>
      element(
        "li",
        {},
        element("code", {}, name),
        element("ol", { class: "chain" }, steps.length ? drawSteps(steps, unlike) : pass),
      ),
    );
    const fork = element("li", { class: "fork" }, element("ul", {}, drawn));
    const sum = element("span", { role: "img", "aria-label": Language.text("sum") }, "⊕");
    const words = between(
      notes.map((note) => say(note)),
      ", ",
    );
    const join = [...(kind === "add" ? [sum, " "] : []), element("small", {}, words)];
    return kind === "add" || notes.length ? [fork, element("li", { class: "join" }, join)] : [fork];
  }

  function drawStep(step, differs) {
    const facts = between(details(step), ", ");
    return element(
      "li",
      { class: `step ${look(step.layer)}${differs ? " unlike" : ""}` },
      element("b", {}, differs ? [mark(), " "] : [], ...label(step)),
      element("span", {}, times(step.output)),
      facts.length ? element("small", {}, facts) : [],
    );
  }

  // "≠", read out as a word.
  const mark = () =>
    element("span", { class: "mark", role: "img", "aria-label": Language.text("differs") }, "≠");

  return { lane, all, key, inWords, draw, mark, times };
})();
