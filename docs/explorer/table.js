// The rows of one network, or those of two beside each other, and their sums.
"use strict";

const Table = (() => {
  const { say, text } = Language;
  const { exact } = Sides;

  // `value` tells rows apart, `show` is what stands in the cell; `share` asks for a bar, `pair` for a place where
  // two networks are compared.
  const COLUMNS = [
    {
      key: "layers",
      pair: true,
      value: (row) => Layers.all(Layers.lane(row.inside)).map(Layers.key).join(),
      show: (row) => Layers.inWords(Layers.lane(row.inside)),
    },
    {
      key: "output",
      pair: true,
      value: (row) => row.output.join(),
      show: (row) => [Layers.times(row.output)],
    },
    { key: "parameters", pair: true, share: true },
    { key: "macs", pair: true, share: true },
    { key: "depth" },
    { key: "paths" },
    { key: "field", pair: true, show: (row) => (row.field === null ? [say("whole")] : [exact(row.field)]) },
  ].map((column) => ({
    value: (row) => row[column.key],
    show: (row) => [exact(row[column.key])],
    ...column,
  }));
  const PAIRED = COLUMNS.filter((column) => column.pair);

  // Roles are written out, since the phone's layout (explorer.css) takes a table's own away.
  const cell = (attributes, ...children) => element("td", { role: "cell", ...attributes }, ...children);
  const header = (attributes, ...children) =>
    element("th", { role: "columnheader", scope: "col", ...attributes }, ...children);
  const line = (attributes, ...cells) => element("tr", { role: "row", ...attributes }, ...cells);
  const group = (tag, ...lines) => element(tag, { role: "rowgroup" }, ...lines);

  // `toggle(row, id)` opens a row, or none, and comes back to the button of that id.
  function draw(sides, open, toggle) {
    const page = { open, toggle, largest: largestOf(sides.flatMap((side) => side.rows)) };
    return sides.length === 1 ? drawOne(sides[0], page) : drawTwo(sides, page);
  }

  function drawOne({ title, rows, total }, page) {
    const body = rows.flatMap((row) => {
      const cells = COLUMNS.map((column) => {
        const share =
          column.share && !row.aux_head ? Number(row[column.key]) / Number(total[column.key]) : 0;
        const attributes = { class: column.key, "data-label": text(column.key), style: `--share: ${share}` };
        return cell(attributes, column.show(row));
      });
      return drawRow([row], { cells, inside: () => [Layers.draw(row.name, row)] }, page);
    });
    const heads = COLUMNS.map(({ key }) => header({ class: key }, say(key)));
    const sums = COLUMNS.map(({ key }) =>
      ["parameters", "macs", "depth", "paths"].includes(key)
        ? cell({ class: key, "data-label": text(key) }, exact(total[key]))
        : cell({ class: `${key} empty` }),
    );
    const name = element("th", { role: "rowheader", scope: "row" }, say("total"));
    return element(
      "table",
      { role: "table", "aria-label": title },
      group("thead", line({}, firstHeaders({}), heads)),
      group("tbody", body),
      group("tfoot", line({}, name, cell({ class: "empty" }), sums)),
    );
  }

  function drawTwo(sides, page) {
    const titles = sides.map(({ title }) => title);
    const body = Align.rows(sides[0].rows, sides[1].rows).flatMap((pair) => {
      const only = pair.includes(null) ? titles[pair.findIndex((row) => row)] : "";
      const unlike = only ? [] : PAIRED.filter(({ value }) => value(pair[0]) !== value(pair[1]));
      const cells = PAIRED.flatMap((column) => drawPair(column, pair, unlike.includes(column)));
      const alike = !only && unlike.length === 0;
      return drawRow(pair, { cells, only, alike, inside: () => insidePair(titles, pair) }, page);
    });
    const heads = PAIRED.map(({ key }) => header({ colspan: 2, scope: "colgroup" }, say(key)));
    const names = PAIRED.flatMap(({ key }) =>
      titles.map((title, i) => header({ class: `${key} side${i}` }, title)),
    );
    return element(
      "table",
      { role: "table", class: "pair", "aria-label": titles.join(" | ") },
      group("thead", line({}, firstHeaders({ rowspan: 2 }), heads), line({}, names)),
      group("tbody", body),
    );
  }

  const firstHeaders = (attributes) => [
    header(attributes, say("row")),
    header({ ...attributes, class: "drawing" }, say("drawing")),
  ];

  function drawPair({ key, show }, pair, differs) {
    return pair.map((row, i) =>
      cell(
        { class: `${key} side${i}${differs ? " unlike" : ""}`, "data-label": text(key) },
        element("div", {}, differs && i ? [Layers.mark(), "\u00a0"] : [], row ? show(row) : "–"),
      ),
    );
  }

  // A row of one network, or of both, null where one has none; behind it, when open, what is inside.
  // Its button serves keys, all of it the mouse, but for selecting text.
  function drawRow(rows, { cells, inside, only = "", alike = false }, { open, toggle, largest }) {
    const row = rows[0] ?? rows[1];
    // AlexNet and ZFNet both have a norm_1, in other places.
    const id = rows[0] ? row.name : `second-${row.name}`;
    const isOpen = rows.some((each) => each?.name === open);
    const looks = { "auxiliary-head": row.aux_head, open: isOpen, alike };
    const drawn = line(
      {
        class: Object.keys(looks)
          .filter((look) => looks[look])
          .join(" "),
        click: ({ target }) => {
          const selects = !target.closest("button") && !getSelection().isCollapsed;
          if (!selects) toggle(isOpen ? "" : row.name, `row-${id}`);
        },
      },
      rowHeader(row, id, isOpen, only),
      slabs(rows, largest),
      cells,
    );
    if (!isOpen) return [drawn];
    const drawings = element("div", { class: "insides" }, inside());
    return [
      drawn,
      line({ class: "opened", id: `inside-${id}` }, cell({ colspan: cells.length + 2 }, drawings)),
    ];
  }

  function insidePair(titles, pair) {
    const lanes = pair.map((row) => (row ? Layers.lane(row.inside) : []));
    const unlike = pair.includes(null) ? new Set() : Align.unlike(...lanes);
    const drawSide = (row, i) =>
      element(
        "section",
        {},
        element("h3", {}, titles[i]),
        Layers.draw(`${titles[i]} ${row.name}`, row, lanes[i], unlike),
      );
    return pair.flatMap((row, i) => (row ? [drawSide(row, i)] : []));
  }

  function rowHeader({ name, aux_head }, id, isOpen, only) {
    const button = element(
      "button",
      {
        id: `row-${id}`,
        type: "button",
        "aria-expanded": String(isOpen),
        "aria-controls": isOpen ? `inside-${id}` : false,
      },
      element("code", {}, aux_head ? name.replace("aux_heads.", "") : name),
    );
    return element(
      "th",
      { role: "rowheader", scope: "row" },
      button,
      aux_head ? element("small", {}, say("auxHead")) : "",
      only ? element("small", {}, Layers.mark(), " ", say("onlyIn", only)) : "",
    );
  }

  function largestOf(rows) {
    const shapes = rows.map((row) => row.output);
    const side = Math.max(...shapes.map(([, height]) => height ?? 1));
    return { side, channels: Math.max(...shapes.map(([channels]) => channels)) };
  }

  // Roots, so that small and large fit one page. The second network is dashed.
  function slabs(rows, largest) {
    const drawn = rows.map((row, i) => {
      if (!row) return "";
      const [channels, side = 0] = row.output;
      const width = 6 + 82 * Math.sqrt(channels / largest.channels);
      const height = 3 + 27 * Math.sqrt(side / largest.side);
      const corner = `x="${48 - width / 2}" y="${17 - height / 2}"`;
      return `<rect class="slab side${i}" ${corner} width="${width}" height="${height}" rx="2"/>`;
    });
    const found = cell({ class: "drawing" });
    const size = 'viewBox="0 0 96 34" width="96" height="34"';
    found.innerHTML = `<svg ${size} aria-hidden="true">${drawn.join("")}</svg>`;
    return found;
  }

  return { draw };
})();
