// What follows from a blueprint, an image size and a width: shapes, multiply-adds, views, paths. No page here.
// It counts as lecture_nets.analysis does (cost.py, receptive_field.py, paths.py); a test compares every number.
"use strict";

const Arithmetic = (() => {
  const sum = (numbers, zero = 0) => numbers.reduce((a, b) => a + b, zero);
  const product = (numbers, one = 1) => numbers.reduce((a, b) => a * b, one);

  // How many windows fit along one axis; with ceil_mode, also a last one that starts inside the map.
  function windows(layer, axis, size) {
    const [kernel, stride] = [layer.kernel_size[axis], layer.stride[axis]];
    const padding = layer.padding?.[axis] ?? 0;
    const reach = (layer.dilation?.[axis] ?? 1) * (kernel - 1) + 1;
    const room = size + 2 * padding - reach;
    if (!layer.ceil_mode) return Math.floor(room / stride) + 1;
    const count = Math.ceil(room / stride) + 1;
    return (count - 1) * stride >= size + padding ? count - 1 : count;
  }

  const slide = (layer, [, height, width]) => [windows(layer, 0, height), windows(layer, 1, width)];

  // A auxiliary head's pool: on maps too small for its windows, they shrink.
  function gridPool(layer, shape) {
    const least = layer.kernel_size[0] + layer.stride[0] * (layer.grid - 1);
    return Math.min(shape[1], shape[2]) < least ? [layer.grid, layer.grid] : slide(layer, shape);
  }

  // By kind, the shape behind a layer; all other kinds keep it. ``w`` is the place of the width in BLUEPRINTS.widths.
  const SHAPES = {
    convolution: (layer, shape, w) => [layer.channels[w], ...slide(layer, shape)],
    max: (layer, shape) => [shape[0], ...slide(layer, shape)],
    average: (layer, shape) => [shape[0], ...slide(layer, shape)],
    adaptive: (layer, shape) => [shape[0], layer.grid, layer.grid],
    grid: (layer, shape) => [shape[0], ...gridPool(layer, shape)],
    flatten: (layer, shape) => [product(shape)],
    linear: (layer, shape, w) => [layer.channels[w]],
    function: (layer, [, ...map], w) => [layer.channels[w], ...map.map((side) => side - layer.trims)],
    codebook: (layer, shape, w) => [layer.channels[w]],
  };

  // Multiply-adds outgrow the exact integers of JavaScript's numbers on large images.
  const big = (numbers) => product(numbers.map(BigInt), 1n);
  const MACS = {
    convolution: (layer, input, output) => big([...output, input[0] / layer.groups, ...layer.kernel_size]),
    linear: (layer, input, output) => big([...input, ...output]),
    codebook: (layer, [, height, width], output, w) => big([height, width, layer.macs_per_position[w]]),
  };

  // A layer, or a tree of them, for one map: what goes in and out, and what it costs; `parts` or `branches` inside.
  function measure(layer, input, w) {
    if (layer.chain) return measureChain(layer, input, w);
    if (layer.branches) return measureBranches(layer, input, w);
    const output = SHAPES[layer.kind]?.(layer, input, w) ?? input;
    return {
      layer,
      input,
      output,
      parameters: layer.parameters?.[w] ?? 0,
      macs: MACS[layer.kind]?.(layer, input, output, w) ?? 0n,
      depth: ["convolution", "linear"].includes(layer.kind) ? 1 : 0,
      paths: 1,
    };
  }

  function measureChain(layer, input, w) {
    const parts = [];
    let output = input;
    for (const part of layer.chain) {
      parts.push(measure(part, output, w));
      output = parts.at(-1).output;
    }
    const depth = sum(parts.map((part) => part.depth));
    const paths = product(parts.map((part) => part.paths));
    return { layer, input, output, parts, ...totals(parts), depth, paths };
  }

  function measureBranches(layer, input, w) {
    const branches = Object.entries(layer.branches).map(([name, part]) => [name, measure(part, input, w)]);
    const parts = branches.map(([, part]) => part);
    const output = [sum(parts.map((part) => part.output[0])), ...parts[0].output.slice(1)];
    const depth = Math.max(...parts.map((part) => part.depth));
    const paths = sum(parts.map((part) => part.paths));
    return { layer, input, output, branches, ...totals(parts), depth, paths };
  }

  const totals = (parts) => ({
    parameters: sum(parts.map((part) => part.parameters)),
    macs: sum(
      parts.map((part) => part.macs),
      0n,
    ),
  });

  // What a unit sees along one axis, {field, jump}, behind a layer; of several branches the one that sees most.
  function view(layer, seen, axis) {
    if (layer.chain) return layer.chain.reduce((so_far, part) => view(part, so_far, axis), seen);
    if (layer.branches) {
      const views = Object.values(layer.branches).map((branch) => view(branch, seen, axis));
      return views.reduce((a, b) => ((b.field - a.field || b.jump - a.jump) > 0 ? b : a));
    }
    const [kernel, stride] = [layer.kernel_size?.[axis] ?? 1, layer.stride?.[axis] ?? 1];
    return { field: seen.field + (kernel - 1) * seen.jump, jump: seen.jump * stride };
  }

  // The rows of lecture_nets.analysis.cost, each with `inside`, what `measure` found. `field` is null where every
  // unit sees the whole image.
  function rows(net, size, w) {
    const found = [];
    let views = [0, 1].map(() => ({ field: 1, jump: 1 }));
    let shape = [net.in_channels, size, size];
    const add = (name, layer, seen, aux_head = false) => {
      const inside = measure(layer, shape, w);
      const { output, parameters, macs, depth, paths } = inside;
      const field = seen && output.length === 3 ? Math.max(...seen.map((each) => each.field)) : null;
      found.push({ name, output, parameters, macs, depth, paths, field, aux_head, inside });
      return output;
    };
    for (const [name, layer] of Object.entries(net.trunk)) {
      views = views.map((seen, axis) => view(layer, seen, axis));
      shape = add(name, layer, views);
      if (net.aux_heads[name]) add(`aux_heads.${name}`, net.aux_heads[name], null, true);
    }
    add("head", net.head, null);
    return found;
  }

  // The sums of lecture_nets.analysis.cost.
  function total(found) {
    const main = found.filter((row) => !row.aux_head);
    return {
      ...totals(main),
      aux_parameters: sum(found.filter((row) => row.aux_head).map((row) => row.parameters)),
      depth: sum(main.map((row) => row.depth)),
      paths: product(main.map((row) => row.paths)),
      field: Math.max(...main.map((row) => row.field ?? 1)),
    };
  }

  // Paths as lecture_nets.analysis.count_paths counts them, so far, behind each row of trunk and head.
  function paths(net, w) {
    let ends = Array(net.in_channels).fill(null); // null: a channel is still the input's
    let branch_paths = 1;
    return Object.entries({ ...net.trunk, head: net.head }).map(([name, layer]) => {
      ends = endsBehind(layer, ends, w);
      const ways = waysThrough(layer);
      branch_paths *= ways;
      return { name, ways, branch_paths, unit_paths: join(ends) };
    });
  }

  function waysThrough(layer) {
    if (layer.chain) return product(layer.chain.map(waysThrough));
    return layer.branches ? sum(Object.values(layer.branches).map(waysThrough)) : 1;
  }

  // Unit paths that end in any of these channels; the input's channels are one place.
  const join = (ends) =>
    sum(
      ends.filter((end) => end !== null),
      ends.includes(null) ? 1n : 0n,
    );

  function endsBehind(layer, ends, w) {
    if (layer.chain) return layer.chain.reduce((so_far, part) => endsBehind(part, so_far, w), ends);
    if (layer.branches) return Object.values(layer.branches).flatMap((branch) => endsBehind(branch, ends, w));
    if (layer.kind === "linear") return Array(layer.channels[w]).fill(join(ends));
    if (layer.kind !== "convolution") return ends;
    const [read, made] = [ends.length / layer.groups, layer.channels[w] / layer.groups];
    return Array.from({ length: layer.groups }, (_, tower) =>
      Array(made).fill(join(ends.slice(tower * read, (tower + 1) * read))),
    ).flat();
  }

  return { rows, total, paths };
})();
