// Before the first paint: the theme this reader chose, else the system's.
(() => {
  let chosen = "";
  try { chosen = localStorage.getItem("theme") || ""; } catch { /* storage may be forbidden */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
