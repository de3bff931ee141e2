// The tree that every row of a blueprint is, and its one walker, as lecture_nets.nets.tree has it. No page here.
//   a leaf:     {kind: "convolution", …}
//   a chain:    {chain: [tree, …]}
//   branches:   {kind: "concat" | "add", branches: {name: tree, …}}
// What Arithmetic.measure finds has the same form, and is walked by the same function.
"use strict";

const Tree = (() => {
  const refuse = (what, kind, known) => {
    throw new TypeError(
      `blueprint: found ${what} of kind “${kind}”, known are ${known.join(", ")}. ` +
        "Say in docs/explorer/arithmetic.js what follows from it.",
    );
  };

  // One value for a tree, made of the values of its parts, from the leaves up: `leaf(tree)`,
  // `chain(parts, tree)`, `branches([[name, part], …], tree)`.
  function fold(tree, rules) {
    if (tree.chain) {
      return rules.chain(
        tree.chain.map((part) => fold(part, rules)),
        tree,
      );
    }
    if (tree.branches) {
      const branches = Object.entries(tree.branches).map(([name, part]) => [name, fold(part, rules)]);
      return rules.branches(branches, tree);
    }
    return rules.leaf(tree);
  }

  // What becomes of `value` on its way through: `leaf(tree, value)`, `join(values at the ends, tree)`.
  function follow(tree, value, leaf, join) {
    const through = fold(tree, {
      leaf: (layer) => (value) => leaf(layer, value),
      chain: (parts) => (value) => parts.reduce((value, part) => part(value), value),
      branches: (branches, fork) => (value) =>
        join(
          branches.map(([, part]) => part(value)),
          fork,
        ),
    });
    return through(value);
  }

  // The entry of `kind` in a table of all that is known; an unknown kind raises, nothing is guessed.
  const known = (table, what, kind) =>
    Object.hasOwn(table, kind) ? table[kind] : refuse(what, kind, Object.keys(table));

  return { fold, follow, known };
})();
