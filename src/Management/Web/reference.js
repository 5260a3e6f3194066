// Starts the reference with everything off that would ask another host than this broker.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // What somebody chose in the console holds here too.
  function isDark() {
    try {
      const choice = localStorage.getItem("avocet.theme");
      return choice === "dark" || (choice !== "light" && dark.matches);
    } catch {
      return dark.matches;
    }
  }

  // What somebody tries here is asked by a page of ours, and with his session: with this header the API takes the cookie for changes as well.
  function ask(input, init) {
    const request = new Request(input, { ...init, credentials: "same-origin" });
    request.headers.set("X-Avocet-Console", "1");
    // Scalar sends the header also while no key is given, and would be refused for it.
    if (request.headers.get("Authorization")?.trim() === "Bearer") request.headers.delete("Authorization");
    return fetch(request);
  }

  function configuration() {
    return {
      url: "/api/v1/openapi.json",
      servers: [{ url: location.origin }],
      customFetch: ask,
      forceDarkModeState: isDark() ? "dark" : "light",
      hideDarkModeToggle: true,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: "never",
      persistAuth: false,
      documentDownloadType: "direct",
      defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    };
  }

  function show() {
    document.body.className = isDark() ? "dark-mode" : "light-mode";
    return configuration();
  }

  const reference = Scalar.createApiReference("#reference", show());
  const again = () => reference.updateConfiguration(show());
  dark.addEventListener("change", again);
  addEventListener("storage", again);
})();
