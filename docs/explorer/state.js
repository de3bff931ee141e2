// What is chosen, as the address keeps it:
//   #net=inception_v2&stem=7x7&size=299&width=1&row=inception_a1&with=inception_v3&with_resolution=151
// A network's options stand under their own names, those of the second network behind "with_".
"use strict";

const State = (() => {
  const NETWORKS = BLUEPRINTS.networks;
  const FIRST = "inception_v3"; // where the lecture leads
  const OWN_KEYS = ["net", "size", "width", "row", "with"];

  const plan = (net, variant) => NETWORKS[net].variants[variant];
  const optionsInWords = (options) =>
    Object.entries(options)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");

  // "variant=2014"; for the first variant all that others change, with its own values.
  function variantInWords(net, variant) {
    return optionsInWords(variant === 0 ? NETWORKS[net].defaults : plan(net, variant).options);
  }

  // Networks that are compared share the image, so the pickier one sets the limit.
  function pickiest({ net, variant, second, secondVariant }) {
    const found = [{ title: NETWORKS[net].title, least: plan(net, variant).min_size }];
    if (second) found.push({ title: NETWORKS[second].title, least: plan(second, secondVariant).min_size });
    return found.reduce((a, b) => (b.least > a.least ? b : a));
  }

  // A whole number of pixels that the networks take, or NaN.
  function readSize(text, state) {
    const size = /^\d+$/.test(text) ? Number(text) : NaN;
    return Number.isSafeInteger(size) && size >= pickiest(state).least ? size : NaN;
  }

  function sizeProblem(text, state) {
    const { title, least } = pickiest(state);
    return ["badSize", title, least, text];
  }

  // The address in words of its own: {state, problems}. What it gets wrong is left at its default.
  function read(hash) {
    const asked = new Map(new URLSearchParams(hash.replace(/^#/, "")));
    const problems = [];
    const pick = (key, known, otherwise) => {
      const given = asked.get(key);
      if (given === undefined || known.includes(given)) return given ?? otherwise;
      problems.push(["unknown", key, given, known.join(", ")]);
      return otherwise;
    };
    const names = Object.keys(NETWORKS);
    const net = pick("net", names, FIRST);
    const second = pick("with", names, "");
    const keys = [...OWN_KEYS, ...optionNames(net, ""), ...optionNames(second, "with_")];
    for (const key of asked.keys())
      if (!keys.includes(key)) problems.push(["unknownKey", key, keys.join(", ")]);
    const state = {
      net,
      variant: readVariant(net, "", asked, problems),
      second,
      secondVariant: second ? readVariant(second, "with_", asked, problems) : 0,
      width: BLUEPRINTS.widths.indexOf(Number(pick("width", BLUEPRINTS.widths.map(String), "1"))),
    };
    state.size = Math.max(plan(net, state.variant).paper_size, pickiest(state).least);
    if (asked.has("size")) {
      const size = readSize(asked.get("size"), state);
      if (Number.isNaN(size)) problems.push(sizeProblem(asked.get("size"), state));
      else state.size = size;
    }
    state.row = pick("row", rowNames(state), "");
    return { state, problems };
  }

  const optionNames = (net, prefix) =>
    net ? Object.keys(NETWORKS[net].defaults).map((name) => prefix + name) : [];

  function readVariant(net, prefix, asked, problems) {
    const { defaults, variants } = NETWORKS[net];
    const given = Object.entries(defaults).map(([name, value]) => [name, asked.get(prefix + name) ?? value]);
    const full = optionsInWords(Object.fromEntries(given));
    const variant = variants.findIndex(({ options }) => optionsInWords({ ...defaults, ...options }) === full);
    if (variant >= 0) return variant;
    const known = variants.map((_, i) => variantInWords(net, i)).join("; ");
    const [name, value] = given.find(([name, value]) => value !== defaults[name]);
    problems.push(["unknown", prefix + name, value, known]);
    return 0;
  }

  function rowNames({ net, variant, second, secondVariant }) {
    const names = ({ trunk, aux_heads }) => [
      ...Object.keys(trunk),
      ...Object.keys(aux_heads).map((row) => `aux_heads.${row}`),
      "head",
    ];
    const both = [...names(plan(net, variant)), ...(second ? names(plan(second, secondVariant)) : [])];
    return [...new Set(both)];
  }

  function write({ net, variant, second, secondVariant, size, width, row }) {
    const asked = new URLSearchParams({
      net,
      ...plan(net, variant).options,
      size,
      width: BLUEPRINTS.widths[width],
    });
    if (row) asked.set("row", row);
    if (second) {
      asked.set("with", second);
      for (const [name, value] of Object.entries(plan(second, secondVariant).options))
        asked.set(`with_${name}`, value);
    }
    return `#${asked}`;
  }

  return { plan, optionsInWords, variantInWords, pickiest, readSize, sizeProblem, read, rowNames, write };
})();
