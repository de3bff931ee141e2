// Which language is shown, and how an element with words in it is made.
"use strict";

// <tag attributes>children</tag>; attributes that are functions handle events, those that are false stay away.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat());
  return made;
}

const Language = (() => {
  const KEY = "lecture-nets-language"; // shared with the site and the slides
  const CODES = { en: "en", zh: "zh-Hans" };
  const root = document.documentElement;

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser that keeps nothing
    }
  }

  function show(language) {
    root.dataset.language = ["en", "zh", "both"].includes(language) ? language : "en";
    root.lang = CODES[root.dataset.language] ?? "en";
  }

  function choose(language) {
    show(language);
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // It holds for this page.
    }
  }

  const shown = () => (root.dataset.language === "both" ? ["en", "zh"] : [root.dataset.language]);
  const fill = (words, values) => (typeof words === "function" ? words(...values) : words);

  // `key` names words of WORDS, or is itself {en, zh}.
  const find = (key) => (typeof key === "string" ? WORDS[key] : key);

  // Words for places that take only text: options of a list, labels for screen readers.
  const text = (key, ...values) =>
    shown()
      .map((code) => fill(find(key)[code], values))
      .join(" · ");

  // Words as an element. Where both languages say the same, once is enough.
  function say(key, ...values) {
    const spans = new Map(
      shown()
        .map((code) => [fill(find(key)[code], values), code])
        .reverse(),
    );
    const parts = [...spans].reverse().map(([words, code]) => element("span", { lang: CODES[code] }, words));
    return parts.length === 1 ? parts[0] : element("span", { class: "both" }, parts[0], " ", parts[1]);
  }

  show(remembered());
  return { KEY, show, choose, text, say };
})();
