// The page: what is chosen becomes numbers and drawings, and the address.
"use strict";

(() => {
  const { say, text } = Language;
  const { exact, short } = Sides;
  const NETWORKS = BLUEPRINTS.networks;
  const SAID = ABOUT; // where the file is missing, it fails here, and the page's own words on that stay
  const at = (id) => document.getElementById(id);
  let state;

  function readAddress() {
    const found = State.read(location.hash);
    state = found.state;
    showAll(found.problems);
  }

  // After a choice: the address follows, and the sums are read out once the visitor pauses.
  function change(changes) {
    state = { ...state, ...changes };
    history.replaceState(null, "", State.write(state));
    showAll([]);
    announce();
  }

  function showAll(problems) {
    const focused = document.activeElement?.id;
    showWords();
    showControls();
    showProblems(problems);
    showResults();
    if (focused) at(focused)?.focus({ preventScroll: true });
  }

  // Elements that only hold words name them in data-say.
  function showWords() {
    document.title = text("title");
    for (const holder of document.querySelectorAll("[data-say]")) {
      holder.replaceChildren(say(holder.dataset.say));
    }
    for (const holder of document.querySelectorAll("[data-label-key]")) {
      holder.setAttribute("aria-label", text(holder.dataset.labelKey));
    }
    for (const button of document.querySelectorAll(".language-switch button")) {
      button.setAttribute("aria-pressed", String(button.value === document.documentElement.dataset.language));
    }
  }

  function showProblems(problems) {
    at("problem").replaceChildren(...problems.map((problem) => element("p", {}, say(...problem))));
    at("problem").hidden = problems.length === 0;
    at("size").setAttribute("aria-invalid", String(Number.isNaN(State.readSize(at("size").value, state))));
  }

  // --- controls

  function showControls() {
    const names = Object.entries(NETWORKS).map(([name, { title }]) => [name, title]);
    fill("net", names, state.net);
    fill("variant", variantsOf(state.net), state.variant);
    fill("second", [["", text("nothing")], ...names], state.second);
    fill("second-variant", state.second ? variantsOf(state.second) : [], state.secondVariant);
    fill("width", [...BLUEPRINTS.widths.entries()], state.width);
    if (document.activeElement !== at("size")) at("size").value = state.size;
    const paper = State.plan(state.net, state.variant).paper_size;
    at("size-hint").replaceChildren(say("sizeHint", State.pickiest(state).least, paper));
  }

  const variantsOf = (net) => NETWORKS[net].variants.map((_, i) => [i, State.variantInWords(net, i)]);

  // A list to choose from; where there is no choice, it is not shown.
  function fill(id, choices, chosen) {
    at(id).replaceChildren(...choices.map(([value, words]) => element("option", { value }, String(words))));
    at(id).value = chosen;
    at(id).closest(".choice").hidden = choices.length < 2;
  }

  // Another network brings its paper's image size, unless the visitor had chosen another one that it takes.
  function choose(changes) {
    const before = State.plan(state.net, state.variant).paper_size;
    const after = { ...state, ...changes };
    const { paper_size } = State.plan(after.net, after.variant);
    const { least } = State.pickiest(after);
    const size = state.size === before || state.size < least ? Math.max(paper_size, least) : state.size;
    const row = State.rowNames(after).includes(state.row) ? state.row : "";
    change({ ...changes, size, row });
  }

  function onSize() {
    const given = at("size").value;
    const size = State.readSize(given, state);
    if (Number.isNaN(size)) showProblems([State.sizeProblem(given, state)]);
    else change({ size });
  }

  // --- results

  function showResults() {
    const sides = Sides.of(state);
    at("about").replaceChildren(...sides.map(about));
    at("sums").replaceChildren(...sums(sides));
    at("rows-hint").replaceChildren(
      say("rowsHint"),
      ...(sides.length > 1 ? [" ", say("compareHint", ...sides.map(({ title }) => title))] : []),
    );
    at("rows").replaceChildren(Table.draw(sides, state.row, toggle));
    at("paths-of").replaceChildren(sides[0].title);
    Paths.draw(sides[0]);
    at("command").replaceChildren(command());
  }

  // What a network is about in few words holds for its first variant.
  function about({ net, variant, title }) {
    const { in_short, notebook, notebook_title } = SAID[net];
    const link = (href, ...words) => element("a", { href }, words);
    return element(
      "div",
      {},
      element("h2", {}, title),
      variant === 0 ? element("p", {}, say(in_short)) : "",
      element(
        "p",
        { class: "links" },
        link(`../networks/${net}.html`, say("networkPage", NETWORKS[net].title)),
        link(`../lecture/${notebook}.html`, say("notebook"), ": ", say(notebook_title)),
      ),
    );
  }

  const SUMS = ["parameters", "aux_parameters", "macs", "depth", "field", "paths", "unit_paths"];

  function sums(sides) {
    return SUMS.map((key) => {
      const show = key === "unit_paths" ? short : exact;
      const numbers = sides.map(({ total }) => total[key]);
      const differs = numbers.length > 1 && numbers[0] !== numbers[1];
      const name = element("dt", {}, say(key), differs ? [" ", Layers.mark()] : []);
      const values = numbers.map((number, i) =>
        element(
          "dd",
          {},
          numbers.length > 1 ? [element("small", {}, sides[i].title), " "] : [],
          show(number),
        ),
      );
      return element("div", { class: differs ? "unlike" : "" }, name, values);
    });
  }

  // What to type for the same numbers.
  function command() {
    const words = (net, variant) =>
      [net, State.optionsInWords(State.plan(net, variant).options), `width=${BLUEPRINTS.widths[state.width]}`]
        .filter(Boolean)
        .join(" ");
    const networks = [words(state.net, state.variant)];
    if (state.second) networks.push(words(state.second, state.secondVariant));
    return `lecture-nets table --net ${networks.join(" ")} --image-size ${state.size}`;
  }

  // Opens a row, or none with ""; the one that was clicked stays where it is on the screen.
  function toggle(row, id) {
    const top = at(id).getBoundingClientRect().top;
    change({ row });
    at(id).focus({ preventScroll: true });
    scrollBy({ top: at(id).getBoundingClientRect().top - top, behavior: "instant" });
  }

  let pause = null;
  function announce() {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const lines = Sides.of(state).map(({ title, total: { parameters, macs, field } }) =>
        element(
          "p",
          {},
          say(
            "said",
            title,
            state.size,
            BLUEPRINTS.widths[state.width],
            exact(parameters),
            exact(macs),
            exact(field),
          ),
        ),
      );
      at("said").replaceChildren(...lines);
    }, 700);
  }

  // --- start

  at("net").addEventListener("change", () => choose({ net: at("net").value, variant: 0 }));
  at("variant").addEventListener("change", () => choose({ variant: Number(at("variant").value) }));
  at("second").addEventListener("change", () => choose({ second: at("second").value, secondVariant: 0 }));
  at("second-variant").addEventListener("change", () =>
    choose({ secondVariant: Number(at("second-variant").value) }),
  );
  at("width").addEventListener("change", () => change({ width: Number(at("width").value) }));
  at("size").addEventListener("input", onSize);
  at("settings").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll(".language-switch button")) {
    button.addEventListener("click", () => {
      Language.choose(button.value);
      showAll([]);
    });
  }
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== Language.KEY) return;
    Language.show(newValue);
    showAll([]);
  });
  addEventListener("hashchange", () => {
    readAddress();
    announce();
  });
  readAddress();
  document.querySelector("#rows tr.open")?.scrollIntoView();
})();
