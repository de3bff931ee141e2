// Every word on the page but what is said of a network (about.js), in English and Chinese; a function where a
// number or a name goes in.
"use strict";

const WORDS = {
  title: { en: "Architecture explorer", zh: "交互式网络结构图" },
  lead: {
    en: "Choose a network, an image size and a width: shapes and costs follow. Open a row to see its layers.",
    zh: "选择网络、图像大小和宽度系数，各层的形状与开销随之更新。点开一行，可以查看其中的各层。",
  },
  site: { en: "Home", zh: "网站首页" },
  language: { en: "Language", zh: "语言" },

  network: { en: "Network", zh: "网络" },
  variant: { en: "Variant", zh: "变体" },
  compare: { en: "Compare with", zh: "与之比较" },
  compareVariant: { en: "Its variant", zh: "它的变体" },
  nothing: { en: "nothing", zh: "不比较" },
  size: { en: "Image size in pixels", zh: "图像边长（像素）" },
  sizeHint: {
    en: (least, paper) => `at least ${least}; paper: ${paper}`,
    zh: (least, paper) => `至少 ${least}；论文中为 ${paper}`,
  },
  width: { en: "Width", zh: "宽度系数" },
  widthHint: { en: "scales all channels", zh: "缩放所有通道数" },
  settings: { en: "Settings", zh: "设置" },

  networkPage: { en: (name) => `About ${name}`, zh: (name) => `${name} 简介` },
  notebook: { en: "Notebook", zh: "课程笔记本" },

  sums: { en: "Totals", zh: "合计" },
  parameters: { en: "Parameters", zh: "参数量" },
  aux_parameters: { en: "Parameters of auxiliary heads", zh: "辅助分类器的参数量" },
  macs: { en: "Multiply-adds", zh: "乘加次数" },
  depth: { en: "Depth", zh: "深度" },
  paths: { en: "Paths", zh: "路径数" },
  unit_paths: { en: "Unit paths", zh: "单元路径数" },
  field: { en: "Receptive field (px)", zh: "感受野（像素）" },
  whole: { en: "all", zh: "整幅图像" },
  sumsHint: {
    en: "Parameters, multiply-adds and depth add up over the rows, paths multiply. Auxiliary heads serve training only and are not included unless noted.",
    zh: "参数量、乘加次数和深度逐行相加，路径数逐行相乘。辅助分类器只用于训练，除非另有说明，不计入合计。",
  },

  rows: { en: "Row by row", zh: "逐行查看" },
  rowsHint: {
    en: "Slabs: the higher, the larger the map; the wider, the more channels.",
    zh: "方块越高，特征图越大；越宽，通道越多。",
  },
  compareHint: {
    en: (first, second) => `Filled slabs are ${first}, dashed ones ${second}. The sign ≠ marks what differs.`,
    zh: (first, second) => `实心方块为 ${first}，虚线方块为 ${second}。符号 ≠ 标出不同之处。`,
  },
  row: { en: "Row", zh: "行" },
  drawing: { en: "Drawing", zh: "示意图" },
  layers: { en: "Layers", zh: "各层" },
  output: { en: "Output", zh: "输出" },
  auxHead: { en: "auxiliary head", zh: "辅助分类器" },
  total: { en: "Total", zh: "合计" },
  differs: { en: "differs", zh: "不同" },
  onlyIn: { en: (title) => `only in ${title}`, zh: (title) => `仅 ${title} 有` },
  concat: { en: (n) => `${n} branches`, zh: (n) => `${n} 个分支` },
  add: { en: (n) => `${n} branches, added`, zh: (n) => `${n} 个分支相加` },
  sum: { en: "added", zh: "逐元素相加" },
  identity: { en: "identity", zh: "恒等映射" },
  manyLayers: { en: (n) => `${n} layers`, zh: (n) => `${n} 层` },
  noLayer: { en: "left out", zh: "省略" },
  inside: { en: (name) => `Inside ${name}`, zh: (name) => `${name} 的内部` },
  input: { en: "in", zh: "输入" },
  joined: { en: "out", zh: "输出" },

  convolution: { en: "", zh: "" },
  max: { en: "max", zh: "最大池化" },
  average: { en: "average", zh: "平均池化" },
  averageTo: { en: (grid) => `average to ${grid}`, zh: (grid) => `平均池化至 ${grid}` },
  linear: { en: "linear", zh: "全连接" },
  response_norm: { en: "response norm", zh: "局部响应归一化" },
  function: { en: "fixed function", zh: "固定函数" },
  codebook: { en: "codebook", zh: "码本编码" },
  batch_norm: { en: "batch norm", zh: "批归一化" },
  relu: { en: "ReLU", zh: "ReLU" },
  dropout: { en: "dropout", zh: "随机失活" },
  padding: { en: (n) => `padding ${n}`, zh: (n) => `填充 ${n}` },
  groups: { en: (n) => `${n} groups`, zh: (n) => `${n} 组` },
  ceil_mode: { en: "rounds up", zh: "向上取整" },

  pathsTitle: { en: "Paths from image to logits", zh: "从图像到 logits 的路径" },
  pathsHint: {
    en: "A branch path chooses one branch in each module. A unit path chooses one channel, or neuron, in every layer. Both multiply from row to row.",
    zh: "分支路径在每个模块中选择一个分支；单元路径在每一层选择一个通道或神经元。二者都逐行相乘。",
  },
  play: { en: "Play", zh: "播放" },
  pause: { en: "Pause", zh: "暂停" },
  step: { en: "Next row", zh: "下一行" },
  all: { en: "All rows", zh: "全部显示" },
  image: { en: "image", zh: "图像" },
  branchPaths: { en: "Branch paths so far", zh: "累计分支路径数" },
  unitPaths: { en: "Unit paths so far", zh: "累计单元路径数" },
  saidPaths: {
    en: (name, branch, unit) => `${name}: branch paths so far ${branch}, unit paths so far ${unit}`,
    zh: (name, branch, unit) => `${name}：累计分支路径数 ${branch}，累计单元路径数 ${unit}`,
  },

  shell: { en: "The same numbers in the shell", zh: "用命令行得到同样的数字" },
  link: {
    en: "The address of this page keeps what you chose: copy it to share it.",
    zh: "本页地址会记录当前的选择，复制即可分享。",
  },
  said: {
    en: (name, size, width, parameters, macs, field) =>
      `${name}, ${size} pixels, width ${width}: ${parameters} parameters, ${macs} multiply-adds, receptive field ${field} pixels.`,
    zh: (name, size, width, parameters, macs, field) =>
      `${name}，${size} 像素，宽度系数 ${width}：${parameters} 个参数，${macs} 次乘加，感受野 ${field} 像素。`,
  },

  badSize: {
    en: (name, least, given) =>
      `${name} takes images of at least ${least} pixels, in whole numbers; found “${given}”. Enter ${least} or more.`,
    zh: (name, least, given) =>
      `${name} 要求图像边长为不小于 ${least} 的整数，而给出的是“${given}”。请输入 ${least} 或更大的整数。`,
  },
  unknown: {
    en: (key, given, known) =>
      `The address asks for ${key}=${given}, which does not exist. Choose one of: ${known}.`,
    zh: (key, given, known) => `地址中的 ${key}=${given} 不存在。可以选择：${known}。`,
  },
  unknownKey: {
    en: (key, known) => `The address has “${key}”, which is unknown. Known are: ${known}.`,
    zh: (key, known) => `地址中的“${key}”无法识别。可以使用：${known}。`,
  },
};
