// The one network, or the two, that are on the page, with all their numbers, and how numbers are written.
"use strict";

const Sides = (() => {
  function of(state) {
    const sides = [sideOf(state.net, state.variant, state)];
    return state.second ? [...sides, sideOf(state.second, state.secondVariant, state)] : sides;
  }

  function sideOf(net, variant, { net: first, second, size, width }) {
    const plan = State.plan(net, variant);
    const rows = Arithmetic.rows(plan, size, width);
    const paths = Arithmetic.paths(plan, width);
    // Two variants of one network are told apart by their options.
    const title =
      BLUEPRINTS.networks[net].title + (first === second ? ` ${State.variantInWords(net, variant)}` : "");
    const total = { ...Arithmetic.total(rows), unit_paths: paths.at(-1).unit_paths };
    return { net, variant, title, rows, paths, total };
  }

  const exact = (number) => number.toLocaleString("en-US");

  // Numbers that are too long to be read are rounded: 1.27 × 10⁸³.
  function short(number) {
    if (number < 10n ** 15n) return exact(number);
    const [digits, power] = Number(number).toExponential(2).split("e+");
    return `${digits} × 10${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  }

  return { of, exact, short };
})();
