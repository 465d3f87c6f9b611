// Runs before the first paint: marks that scripts work and applies the chosen theme, so nothing flashes.
(function () {
  var root = document.documentElement;
  root.classList.remove("no-scripts");
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (error) {
    // Storage is closed (private window): follow the system.
  }
})();
