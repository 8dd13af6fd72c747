// Theme: set before anything is painted, hence no module. Follows the system unless its user has chosen.
"use strict";
(() => {
  const chosen = localStorage.getItem("ragfront.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
