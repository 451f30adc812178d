// Light or dark, as was chosen here before, set before anything is drawn. Without a choice the system's own counts.
(function () {
  "use strict";
  try {
    const chosen = localStorage.getItem("segue-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch (e) { /* storage is closed: the system's own */ }
})();
