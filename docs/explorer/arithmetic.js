// What follows from a blueprint, an image size and a width: shapes, multiply-adds, receptive
// fields, paths. No page here.
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

  // An auxiliary head's pool: on maps too small for its windows, they shrink.
  function gridPool(layer, shape) {
    const least = layer.kernel_size[0] + layer.stride[0] * (layer.grid - 1);
    return Math.min(shape[1], shape[2]) < least ? [layer.grid, layer.grid] : slide(layer, shape);
  }

  // By kind, the shape behind a layer. ``w`` is the place of the width in BLUEPRINTS.widths.
  const same = (layer, shape) => shape;
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
    batch_norm: same,
    response_norm: same,
    relu: same,
    dropout: same,
    identity: same,
  };

  // By kind, how branches are joined: their shapes, and the unit paths that end in each of their channels, where
  // null is a channel that is still the input's.
  const JOINS = {
    concat: {
      shape: (shapes) => [sum(shapes.map(([channels]) => channels)), ...shapes[0].slice(1)],
      ends: (ends) => ends.flat(),
    },
    add: {
      shape: (shapes) => shapes[0],
      ends: ([first, ...others]) =>
        first.map((end, channel) =>
          sum(
            [end, ...others.map((ends) => ends[channel])].map((end) => end ?? 1n),
            0n,
          ),
        ),
    },
  };
  const joinOf = (fork) => Tree.known(JOINS, "branches", fork.kind);

  // Multiply-adds outgrow the exact integers of JavaScript's numbers on large images.
  const big = (numbers) => product(numbers.map(BigInt), 1n);
  const MACS = {
    convolution: (layer, input, output) => big([...output, input[0] / layer.groups, ...layer.kernel_size]),
    linear: (layer, input, output) => big([...input, ...output]),
    codebook: (layer, [, height, width], output, w) => big([height, width, layer.macs_per_position[w]]),
  };

  // A tree for one map, as a tree of the same form: what goes in and out of each part, and what it costs.
  function measure(tree, input, w) {
    const through = Tree.fold(tree, {
      leaf: (layer) => (input) => measureLeaf(layer, input, w),
      chain: (parts) => (input) => measureChain(parts, input),
      branches: (branches, fork) => (input) => measureBranches(branches, fork, input),
    });
    return through(input);
  }

  function measureLeaf(layer, input, w) {
    const output = Tree.known(SHAPES, "a layer", layer.kind)(layer, input, w);
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

  function measureChain(parts, input) {
    const chain = [];
    let output = input;
    for (const part of parts) {
      chain.push(part(output));
      output = chain.at(-1).output;
    }
    const depth = sum(chain.map((part) => part.depth));
    const paths = product(chain.map((part) => part.paths));
    return { chain, input, output, ...totals(chain), depth, paths };
  }

  function measureBranches(named, fork, input) {
    const branches = Object.fromEntries(named.map(([name, part]) => [name, part(input)]));
    const parts = Object.values(branches);
    const output = joinOf(fork).shape(parts.map((part) => part.output));
    const depth = Math.max(...parts.map((part) => part.depth));
    const paths = sum(parts.map((part) => part.paths));
    return { kind: fork.kind, branches, input, output, ...totals(parts), depth, paths };
  }

  const totals = (parts) => ({
    parameters: sum(parts.map((part) => part.parameters)),
    macs: sum(
      parts.map((part) => part.macs),
      0n,
    ),
  });

  // The receptive field along one axis, {field, jump}, behind a layer; of several branches the largest.
  const receive = (tree, start, axis) =>
    Tree.follow(
      tree,
      start,
      (layer, { field, jump }) => {
        const [kernel, stride] = [layer.kernel_size?.[axis] ?? 1, layer.stride?.[axis] ?? 1];
        return { field: field + (kernel - 1) * jump, jump: jump * stride };
      },
      (fields) => fields.reduce((a, b) => ((b.field - a.field || b.jump - a.jump) > 0 ? b : a)),
    );

  // The rows of lecture_nets.analysis.cost, each with `inside`, what `measure` found. `field` is null where every
  // unit sees the whole image.
  function rows(net, size, w) {
    const found = [];
    let received = [0, 1].map(() => ({ field: 1, jump: 1 }));
    let shape = [net.in_channels, size, size];
    const add = (name, layer, fields, aux_head = false) => {
      const inside = measure(layer, shape, w);
      const { output, parameters, macs, depth, paths } = inside;
      const field = fields && output.length === 3 ? Math.max(...fields.map((each) => each.field)) : null;
      found.push({ name, output, parameters, macs, depth, paths, field, aux_head, inside });
      return output;
    };
    for (const [name, layer] of Object.entries(net.trunk)) {
      received = received.map((so_far, axis) => receive(layer, so_far, axis));
      shape = add(name, layer, received);
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
      ends = Tree.follow(
        layer,
        ends,
        (part, ends) => endsBehind(part, ends, w),
        (ends, fork) => joinOf(fork).ends(ends),
      );
      const row_paths = pathsThrough(layer);
      branch_paths *= row_paths;
      return { name, row_paths, branch_paths, unit_paths: join(ends) };
    });
  }

  const pathsThrough = (tree) =>
    Tree.fold(tree, {
      leaf: () => 1,
      chain: (parts) => product(parts),
      branches: (branches) => sum(branches.map(([, part]) => part)),
    });

  // Unit paths that end in any of these channels; the input's channels are one place.
  const join = (ends) =>
    sum(
      ends.filter((end) => end !== null),
      ends.includes(null) ? 1n : 0n,
    );

  function endsBehind(layer, ends, w) {
    if (layer.kind === "linear") return Array(layer.channels[w]).fill(join(ends));
    if (layer.kind !== "convolution") return ends;
    const [read, made] = [ends.length / layer.groups, layer.channels[w] / layer.groups];
    return Array.from({ length: layer.groups }, (_, tower) =>
      Array(made).fill(join(ends.slice(tower * read, (tower + 1) * read))),
    ).flat();
  }

  return { rows, total, paths };
})();
