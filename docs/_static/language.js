// Which language is shown? Remembered for the pages and the explorer alike. This runs in the
// head, so that no page flickers.
(() => {
  const KEY = "lecture-nets-language";
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser that keeps nothing
    }
  };

  const show = (language) => {
    root.dataset.language = ["en", "zh", "both"].includes(language) ? language : "en";
    for (const button of document.querySelectorAll(".language-switch button")) {
      button.setAttribute("aria-pressed", String(button.value === root.dataset.language));
    }
  };

  const choose = (language) => {
    show(language);
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // It holds for this page.
    }
  };

  // Who asked for Chinese is told where there is none.
  const tell = () => {
    const article = document.querySelector("article.bd-article");
    if (article && !article.querySelector("[lang|=zh]")) {
      const note = document.createElement("p");
      note.lang = "zh-Hans";
      note.className = "english-only";
      note.textContent = "本页只有英文版。";
      article.prepend(note);
    }
  };

  show(remembered());
  document.addEventListener("DOMContentLoaded", () => {
    show(root.dataset.language);
    tell();
    for (const button of document.querySelectorAll(".language-switch button")) {
      button.addEventListener("click", () => choose(button.value));
    }
  });
  addEventListener("storage", (event) => event.key === KEY && show(event.newValue));
})();
