// What of two lists belongs together, and what of two modules is different? No page here.
"use strict";

const Align = (() => {
  // The longest common subsequence as pairs, what is missing on a side being null:
  // pairs("abd", "bcd") -> [a, null], [b, b], [null, c], [d, d].
  function pairs(first, second, key) {
    const [a, b] = [first.map(key), second.map(key)];
    const common = Array.from({ length: a.length + 1 }, () => Array(b.length + 1).fill(0));
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        common[i][j] =
          a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    const found = [];
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) found.push([first[i++], second[j++]]);
      else if (j === b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1]))
        found.push([first[i++], null]);
      else found.push([null, second[j++]]);
    }
    return found;
  }

  // Rows of one name; an auxiliary head may stand at another row.
  const rows = (first, second) => pairs(first, second, (row) => (row.aux_head ? "auxiliary head" : row.name));

  // The steps of two lanes (layers.js) that the other does not have.
  function unlike(first, second, found = new Set()) {
    for (const [a, b] of pairs(first, second, Layers.key)) {
      if (a?.branches && b?.branches) unlikeBranches(a.branches, b.branches, found);
      else if (!(a && b)) Layers.all([a ?? b]).forEach((step) => found.add(step));
    }
    return found;
  }

  // Branches of one name belong together, and so do, in their order, those whose name the other module lacks.
  function unlikeBranches(first, second, found) {
    const lacks = (branches, [name]) => !branches.some(([other]) => other === name);
    const onlyFirst = first.filter((branch) => lacks(second, branch));
    const onlySecond = second.filter((branch) => lacks(first, branch));
    for (const [name, lane] of first) {
      const place = onlyFirst.findIndex(([other]) => other === name);
      const partner = place < 0 ? second.find(([other]) => other === name) : onlySecond[place];
      unlike(lane, partner?.[1] ?? [], found);
    }
    for (const [, lane] of onlySecond.slice(onlyFirst.length)) unlike([], lane, found);
  }

  return { rows, unlike };
})();
