// What the theme leaves without a name for screen readers: the arrows that unfold its contents.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll(".bd-docs-nav summary")) {
    const entry = arrow.closest("li").querySelector("a");
    arrow.setAttribute("aria-label", `Pages below ${entry.innerText}`);
  }
});
